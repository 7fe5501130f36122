import assert from "node:assert/strict";
import { test } from "node:test";
import { ResponseError } from "vscode-jsonrpc/node";
import {
  AskEditorModel,
  CancelStream,
  CreateSession,
  EditorModelDeltaSent,
  type EditorModelRequest,
  ListEditorModels,
  ListModels,
  SendChat,
} from "../../../sidecar/protocol.ts";
import { createEditorProvider } from "../../../sidecar/providers/editor.ts";
import type { ModelRequest, ProviderEvent } from "../../../sidecar/providers/provider.ts";
import type { Message, ModelInfo, StreamRef, ToolResultPart } from "../../../sidecar/types.ts";
import { failure, type Served, startReady } from "./served.ts";

const model: ModelInfo = { ref: "editor/x", provider: "editor", model: "x", name: "X", contextWindow: 1000 };

async function askEditor(served: Served): Promise<StreamRef> {
  const { session } = await served.connection.sendRequest(CreateSession, {
    model: "editor/x",
    systemPrompt: "Be brief.",
    parameters: { temperature: 0 },
  });
  const { assistant } = await served.connection.sendRequest(SendChat, { session: session.id, content: [{ type: "text", text: "?" }] });
  assert.ok(assistant.stream !== undefined);
  await served.attach(assistant.stream, "r");
  return assistant.stream;
}

test("the editor's models are listed as the client tells them", async (context) => {
  const served = await startReady(context);
  served.connection.onRequest(ListEditorModels, () => ({ models: [model] }));
  assert.deepEqual((await served.connection.sendRequest(ListModels, { provider: "editor" })).models, [model]);
});

test("a client that is no editor has no models, and one that tells nonsense is not believed", async (context) => {
  const served = await startReady(context);
  assert.deepEqual((await served.connection.sendRequest(ListModels, { provider: "editor" })).models, []);
  served.connection.onRequest("editor-model/list", () => ({ models: [{ ref: 7 }] }));
  await assert.rejects(
    served.connection.sendRequest(ListModels, { provider: "editor" }),
    failure("provider", /`models\[0\]\.ref` must be a text/),
  );
});

test("an answer of the editor's model streams as it comes, piece by piece and in order", async (context) => {
  const served = await startReady(context);
  let asked: EditorModelRequest | undefined;
  served.connection.onRequest(AskEditorModel, async (request) => {
    asked = request;
    const { answer } = request;
    await served.connection.sendNotification(EditorModelDeltaSent, { answer, type: "text", text: "one " });
    await served.connection.sendNotification(EditorModelDeltaSent, { answer: "another", type: "text", text: "not mine" });
    await served.connection.sendNotification(EditorModelDeltaSent, { answer, type: "text", text: "two" });
    await served.connection.sendNotification(EditorModelDeltaSent, { answer, type: "tool-call", id: "1", name: "f", arguments: "{}" });
    return { finishReason: "stop" };
  });
  await askEditor(served);
  const end = await served.untilEnd("r");
  assert.deepEqual([end.status, end.finishReason], ["complete", "stop"]);
  assert.equal(served.textOf("r"), "one two");
  assert.ok(served.eventsOf("r").some((event) => event.type === "tool-call" && event.name === "f"));
  assert.equal(asked?.model, "x");
  assert.deepEqual(asked?.messages, [{ role: "user", content: [{ type: "text", text: "?" }] }]);
  assert.deepEqual(asked?.parameters, { system: "Be brief.", temperature: 0 });
});

test("cancelling the answer cancels the editor's request", async (context) => {
  const served = await startReady(context);
  const cancelled = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  served.connection.onRequest(AskEditorModel, async ({ answer }, token) => {
    await served.connection.sendNotification(EditorModelDeltaSent, { answer, type: "text", text: "so far" });
    started.resolve();
    await new Promise<void>((resolve) => token.onCancellationRequested(() => resolve()));
    cancelled.resolve();
    return { finishReason: "stop" };
  });
  const stream = await askEditor(served);
  await started.promise;
  assert.deepEqual(await served.connection.sendRequest(CancelStream, stream), { cancelled: true });
  await cancelled.promise;
  assert.equal(served.textOf("r"), "so far");
});

test("the editor's models are told of failed tools in the result's text, and calls and results pair", async () => {
  let asked: ModelRequest | undefined;
  const provider = createEditorProvider({
    list: async () => [],
    ask: async (request) => {
      asked = request;
      return { finishReason: "stop" };
    },
  });
  const failed: ToolResultPart = { type: "tool-result", id: "a", content: "no such file", isError: true };
  const messages: readonly Message[] = [
    { role: "assistant", content: [{ type: "tool-call", id: "a", name: "read", arguments: "{}" }] },
    { role: "tool", content: [failed, { type: "tool-result", id: "gone", content: "7" }] },
  ];
  const events: ProviderEvent[] = [];
  const context = { signal: new AbortController().signal, timeLimits: {} };
  for await (const batch of provider.stream({ model: "x", messages, parameters: {} }, context)) events.push(...batch);
  assert.deepEqual(asked?.messages.slice(1), [
    { role: "tool", content: [{ ...failed, content: "Error: no such file" }] },
    { role: "user", content: [{ type: "text", text: "Result of a tool:\n7" }] },
  ]);
  assert.deepEqual(
    events.map((event) => (event.type === "warning" ? event.code : event.type)),
    ["tool-result-without-call", "finish"],
  );
});

test("leaving the answer early cancels the editor's request too", async () => {
  let cancelled = false;
  const provider = createEditorProvider({
    list: async () => [],
    ask: async (_, onDelta, signal) => {
      onDelta({ type: "text-delta", text: "so far" });
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      cancelled = true;
      throw signal.reason;
    },
  });
  const context = { signal: new AbortController().signal, timeLimits: {} };
  for await (const batch of provider.stream({ model: "x", messages: [], parameters: {} }, context)) {
    assert.deepEqual(batch, [{ type: "text-delta", text: "so far" }]);
    break;
  }
  assert.ok(cancelled);
});

test("the editor's own account of a failure is passed on, and one without an account is told in its words", async (context) => {
  const served = await startReady(context);
  const error = {
    kind: "permission",
    message: "You said no.",
    phase: "before-first-token",
    retryable: false,
    providerCode: "no-consent",
  } as const;
  served.connection.onRequest(AskEditorModel, () => new ResponseError(-32803, "You said no.", { code: "provider", error }));
  await askEditor(served);
  const end = await served.untilEnd("r");
  assert.equal(end.status, "error");
  assert.deepEqual({ ...end.error, provider: undefined, model: undefined }, { ...error, provider: undefined, model: undefined });
  const other = await startReady(context);
  other.connection.onRequest(AskEditorModel, () => {
    throw new Error("The extension host is confused.");
  });
  await askEditor(other);
  assert.match((await other.untilEnd("r")).error?.message ?? "", /editor's model failed: .*confused/);
});
