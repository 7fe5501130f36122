import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ResponseError } from "vscode-jsonrpc/node";
import {
  AskEditorModel,
  CancelStream,
  CountEditorTokens,
  CreateSession,
  type EditorCountRequest,
  EditorModelDeltaSent,
  type EditorModelRequest,
  ListEditorModels,
  ListModels,
  SendChat,
} from "../../../sidecar/protocol.ts";
import { createEditorProvider, type EditorModels } from "../../../sidecar/providers/editor.ts";
import type { ModelRequest, ProviderEvent } from "../../../sidecar/providers/provider.ts";
import type { Message, ModelInfo, StreamRef, ToolResultPart } from "../../../sidecar/types.ts";
import { failure, type Served, settings, startReady, startServer } from "./served.ts";

const model: ModelInfo = { ref: "editor/x", provider: "editor", model: "x", name: "X", contextWindow: 1000 };

const unasked: EditorModels = {
  list: async () => [],
  ask: () => assert.fail("nobody asks for an answer"),
  count: () => assert.fail("nobody counts"),
};

async function askEditor(served: Served, text = "?"): Promise<StreamRef> {
  const { session } = await served.connection.sendRequest(CreateSession, {
    model: "editor/x",
    systemPrompt: "Be brief.",
    parameters: { temperature: 0 },
  });
  const { assistant } = await served.connection.sendRequest(SendChat, { session: session.id, content: [{ type: "text", text }] });
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
    ...unasked,
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
    ...unasked,
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

/** About 2,900 tokens as they are estimated, of the 3,000 that a window of 4,000 has room for. */
const nearlyFull = "words ".repeat(1650);

/** A model with a small window, where what does not fit is refused. */
async function startWithCounter(context: TestContext, tokens: (request: EditorCountRequest) => unknown) {
  const served = startServer(context);
  await served.shakeHands({ settings: { ...settings, chat: { whenContextIsFull: "refuse" } } });
  served.windows.set("editor/x", 4000);
  const counted: EditorCountRequest[] = [];
  let asked = 0;
  served.connection.onRequest("editor-model/count", (request: EditorCountRequest) => {
    counted.push(request);
    return tokens(request);
  });
  served.connection.onRequest(AskEditorModel, (): { finishReason: "stop" } => {
    asked += 1;
    return { finishReason: "stop" };
  });
  return { served, counted, asked: () => asked };
}

test("whether a conversation fits is counted by the client in one question, as it would be asked, and its count decides", async (context) => {
  const { served, counted, asked } = await startWithCounter(context, () => ({ tokens: 3456 }));
  await askEditor(served, nearlyFull);
  const { error } = await served.untilEnd("r");
  assert.deepEqual([error?.kind, error?.providerCode], ["context-length", "context-full"]);
  assert.match(error?.message ?? "", /has 3456 tokens, .* holds 4000/u);
  assert.deepEqual(counted, [
    { model: "x", messages: [{ role: "user", content: [{ type: "text", text: nearlyFull }] }], system: "Be brief." },
  ]);
  assert.equal(asked(), 0);
});

for (const [what, tokens] of [
  ["that cannot count", () => new ResponseError(-32601, "There is no such method.")],
  ["that tells nonsense", () => ({ tokens: "many" })],
  ["that tells of fewer tokens than such a text can have", () => ({ tokens: 1 })],
] as const) {
  test(`with a client ${what} the estimate decides, and is called one`, async (context) => {
    const { served, counted, asked } = await startWithCounter(context, tokens);
    await askEditor(served, nearlyFull);
    assert.equal((await served.untilEnd("r")).status, "complete");
    assert.deepEqual([counted.length, asked()], [1, 1]);
    const other = await startWithCounter(context, tokens);
    await askEditor(other.served, "understandable ".repeat(1200));
    assert.match((await other.served.untilEnd("r")).error?.message ?? "", /has about 5\d{3} tokens/u);
    assert.equal(other.counted.length, 1);
  });
}

test("cancelling the answer calls off the count that it waits for", async (context) => {
  const { served } = await startWithCounter(context, () => assert.fail());
  const started = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  served.connection.onRequest(CountEditorTokens, async (_, token) => {
    started.resolve();
    await new Promise<void>((resolve) => token.onCancellationRequested(() => resolve()));
    cancelled.resolve();
    return { tokens: 7 };
  });
  const stream = await askEditor(served, nearlyFull);
  await Promise.race([started.promise, served.untilEnd("r")]);
  assert.deepEqual(await served.connection.sendRequest(CancelStream, stream), { cancelled: true });
  await cancelled.promise;
  assert.equal((await served.untilEnd("r")).status, "cancelled");
});

test("what is counted is converted as what is asked; of tools nobody can say what they take", async () => {
  const counted: ModelRequest[] = [];
  const provider = createEditorProvider({
    ...unasked,
    count: async (request) => {
      counted.push(request);
      return 7;
    },
  });
  const { signal } = new AbortController();
  const messages: readonly Message[] = [{ role: "tool", content: [{ type: "tool-result", id: "gone", content: "7" }] }];
  const parameters = { responseSchema: { type: "object" } };
  assert.equal(await provider.countTokens?.({ model: "x", messages, parameters }, signal), 7);
  assert.deepEqual(counted[0]?.messages, [{ role: "user", content: [{ type: "text", text: "Result of a tool:\n7" }] }]);
  assert.match(counted[0]?.parameters.system ?? "", /JSON Schema/u);
  const tools = [{ name: "f", parameters: {} }];
  assert.equal(await provider.countTokens?.({ model: "x", messages, parameters: { tools } }, signal), undefined);
  assert.equal(counted.length, 1);
});
