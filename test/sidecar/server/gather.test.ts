import assert from "node:assert/strict";
import { test } from "node:test";
import { ResponseError } from "vscode-jsonrpc/node";
import {
  AttachStream,
  CancelGather,
  CancelStream,
  GatherEnd,
  type GatherEnded,
  type GatherStream,
  ReadFile,
  StartGather,
} from "../../../sidecar/protocol.ts";
import { flatQuote } from "../../../sidecar/prices/price-quote.ts";
import { until } from "../../support/until.ts";
import { answers, fails, Gate, inTurn, type Script, text, waitsAt, yields } from "../scripted-provider.ts";
import { failure, type Served, startReady } from "./served.ts";

const names = ["a.ts", "b.ts", "c.ts"];

function request(files: readonly string[] = names, models: readonly string[] = ["scripted/m"], concurrency?: number) {
  const items = files.map((name) => ({ item: name, uri: `file:///${name}`, name }));
  return { items, prompt: "Summarize.", models, ...(concurrency === undefined ? {} : { concurrency }) };
}

/** Which files were asked for, and what the client answers. */
function serveFiles(served: Served, read: (name: string) => string | Promise<string> = (name) => `text of ${name}`): string[] {
  const asked: string[] = [];
  served.connection.onRequest(ReadFile, async ({ uri }) => {
    const name = uri.slice("file:///".length);
    asked.push(name);
    return { text: await read(name), languageId: "typescript" };
  });
  return asked;
}

function hearEnds(served: Served): GatherEnded[] {
  const ends: GatherEnded[] = [];
  served.connection.onNotification(GatherEnd, (totals) => void ends.push(totals));
  return ends;
}

async function attachAll(served: Served, streams: readonly GatherStream[]): Promise<void> {
  await Promise.all(
    streams.map(({ stream, epoch, item, model }) =>
      served.connection.sendRequest(AttachStream, { stream, epoch, reader: `${item} ${model}`, afterSeq: 0 }),
    ),
  );
}

const wordsOf = (request: Parameters<Script>[0]): string => JSON.stringify(request.messages);

test("a run has one stream for each file and model at once, all queued, and ends with what it came to", async (context) => {
  const served = await startReady(context);
  serveFiles(served);
  const ends = hearEnds(served);
  served.provider.otherwise(answers("A summary."));
  const { run, streams } = await served.connection.sendRequest(StartGather, request(names, ["scripted/one", "scripted/two"]));
  assert.deepEqual(
    streams.map(({ item, model }) => `${item} ${model}`),
    names.flatMap((name) => [`${name} scripted/one`, `${name} scripted/two`]),
  );
  await attachAll(served, streams);
  for (const { item, model } of streams) {
    const reader = `${item} ${model}`;
    assert.equal((await served.untilEnd(reader)).status, "complete");
    const [first, second] = served.eventsOf(reader);
    assert.deepEqual(first, { type: "status", phase: "queued", seq: 1 });
    assert.deepEqual(second, { type: "start", provider: "scripted", model, seq: 2 });
    assert.equal(served.textOf(reader), "A summary.");
  }
  await until(() => ends.length > 0, "the end of the run");
  assert.deepEqual(ends, [{ run, complete: 6, failed: 0, cancelled: 0, usage: { inputTokens: 30, outputTokens: 12 } }]);
});

test("the model reads prompt and file, and a file is asked for once for all models", async (context) => {
  const served = await startReady(context);
  const asked = serveFiles(served);
  const { streams } = await served.connection.sendRequest(StartGather, request(["a.ts"], ["scripted/one", "scripted/two"]));
  await attachAll(served, streams);
  for (const { item, model } of streams) await served.untilEnd(`${item} ${model}`);
  assert.deepEqual(asked, ["a.ts"]);
  for (const asked of served.provider.requests) {
    const [message] = asked.messages;
    assert.ok(message?.role === "user");
    assert.deepEqual(message.content, [{ type: "text", text: "Summarize.\n\nFile: a.ts\n```typescript\ntext of a.ts\n```" }]);
  }
});

test("a file is asked for only when a place is free for its answer", async (context) => {
  const served = await startReady(context);
  const asked = serveFiles(served);
  const gate = new Gate();
  served.provider.otherwise(inTurn(waitsAt(gate), answers("ok")));
  const files = Array.from({ length: 10 }, (_, index) => `${index}.ts`);
  const { streams } = await served.connection.sendRequest(StartGather, request(files));
  await attachAll(served, streams);
  // The endpoint takes two at once.
  await until(() => gate.waiting === 2, "two answers to run");
  assert.deepEqual(asked.toSorted(), ["0.ts", "1.ts"]);
  gate.open();
  for (const { item, model } of streams) await served.untilEnd(`${item} ${model}`);
  assert.equal(asked.length, 10);
  assert.equal(served.provider.mostOpen, 2);
});

test("the run's own limit holds where it is narrower", async (context) => {
  const served = await startReady(context);
  serveFiles(served);
  const { streams } = await served.connection.sendRequest(StartGather, request(names, ["scripted/m"], 1));
  await attachAll(served, streams);
  for (const { item, model } of streams) await served.untilEnd(`${item} ${model}`);
  assert.equal(served.provider.mostOpen, 1);
});

test("a file that cannot be read and a model that fails touch no other file", async (context) => {
  const served = await startReady(context);
  const ends = hearEnds(served);
  serveFiles(served, (name) => {
    if (name === "a.ts") throw new ResponseError(-32803, "It was deleted.", { code: "file-not-found" });
    return `text of ${name}`;
  });
  served.provider.otherwise(async function* (given, signals) {
    yield* (wordsOf(given).includes("b.ts") ? fails({ kind: "context-length" }) : answers("ok"))(given, signals);
  });
  const { run, streams } = await served.connection.sendRequest(StartGather, request());
  await attachAll(served, streams);
  const a = await served.untilEnd("a.ts scripted/m");
  assert.deepEqual([a.status, a.error?.providerCode], ["error", "file-unreadable"]);
  assert.match(a.error?.message ?? "", /could not be read: It was deleted\./);
  const b = await served.untilEnd("b.ts scripted/m");
  assert.deepEqual([b.status, b.error?.kind], ["error", "context-length"]);
  assert.equal((await served.untilEnd("c.ts scripted/m")).status, "complete");
  await until(() => ends.length > 0, "the end of the run");
  assert.deepEqual([ends[0]?.run, ends[0]?.complete, ends[0]?.failed], [run, 1, 2]);
});

test("a file whose content is no text is refused", async (context) => {
  const served = await startReady(context);
  served.connection.onRequest("file/read", () => ({ text: 7 }));
  const { streams } = await served.connection.sendRequest(StartGather, request(["a.ts"]));
  await attachAll(served, streams);
  assert.match((await served.untilEnd("a.ts scripted/m")).error?.message ?? "", /`text` must be a text/);
});

test("cancelling one file ends it alone, whether it runs, waits for its place or is being read", async (context) => {
  const served = await startReady(context);
  const gate = new Gate();
  const reading = Promise.withResolvers<string>();
  serveFiles(served, (name) => (name === "b.ts" ? reading.promise : "text"));
  served.provider.otherwise(inTurn(yields([text("so far")]), waitsAt(gate), answers("")));
  const { streams } = await served.connection.sendRequest(StartGather, request());
  await attachAll(served, streams);
  await gate.reached;
  const statusOf = async (name: string): Promise<string> => (await served.untilEnd(`${name} scripted/m`)).status;
  const cancel = async (name: string): Promise<void> => {
    const found = streams.find(({ item }) => item === name);
    assert.ok(found !== undefined);
    assert.deepEqual(await served.connection.sendRequest(CancelStream, found), { cancelled: true });
  };
  await cancel("c.ts");
  assert.equal(await statusOf("c.ts"), "cancelled");
  await cancel("b.ts");
  assert.equal(await statusOf("b.ts"), "cancelled");
  assert.equal(served.eventsOf("a.ts scripted/m").at(-1)?.type, "text-delta");
  gate.open();
  assert.equal(await statusOf("a.ts"), "complete");
});

test("cancelling a file that the run has not come to yet is answered while the others run on", async (context) => {
  const served = await startReady(context);
  const asked = serveFiles(served);
  const gate = new Gate();
  served.provider.otherwise(inTurn(waitsAt(gate), answers("ok")));
  const { streams } = await served.connection.sendRequest(StartGather, request(names, ["scripted/m"], 1));
  await attachAll(served, streams);
  await gate.reached;
  const [, , last] = streams;
  assert.ok(last !== undefined);
  assert.deepEqual(await served.connection.sendRequest(CancelStream, last), { cancelled: true });
  assert.equal(gate.waiting, 1);
  gate.open();
  assert.equal((await served.untilEnd("b.ts scripted/m")).status, "complete");
  assert.deepEqual(asked, ["a.ts", "b.ts"]);
});

test("cancelling a run ends all of it before it is answered, and the run is told as cancelled", async (context) => {
  const served = await startReady(context);
  const ends = hearEnds(served);
  const asked = serveFiles(served);
  const gate = new Gate();
  served.provider.otherwise(inTurn(yields([text("so far")]), waitsAt(gate)));
  const { run, streams } = await served.connection.sendRequest(StartGather, request([...names, "d.ts", "e.ts"], ["scripted/m"], 2));
  await attachAll(served, streams);
  await until(() => gate.waiting === 2, "two answers to run");
  assert.equal(await served.connection.sendRequest(CancelGather, { run }), null);
  assert.equal(served.provider.open, 0);
  await until(() => ends.length > 0, "the end of the run");
  assert.deepEqual([ends[0]?.complete, ends[0]?.failed, ends[0]?.cancelled], [0, 0, 5]);
  for (const { item, model } of streams) assert.equal((await served.untilEnd(`${item} ${model}`)).status, "cancelled");
  assert.equal(asked.length, 2);
  assert.equal(await served.connection.sendRequest(CancelGather, { run }), null);
});

test("more answers than a run may have are refused before anything begins", async (context) => {
  const served = await startReady(context);
  const files = Array.from({ length: 3000 }, (_, index) => `${index}`);
  await assert.rejects(served.connection.sendRequest(StartGather, request(files, ["a/b", "c/d"])), failure("invalid-params", /`items`/));
});

test("the end of the pipe cancels what runs and asks for no further file", async (context) => {
  const served = await startReady(context);
  const asked = serveFiles(served);
  const gate = new Gate();
  served.provider.otherwise(inTurn(yields([text("so far")]), waitsAt(gate)));
  await served.connection.sendRequest(StartGather, request([...names, "d.ts", "e.ts"]));
  await until(() => gate.waiting === 2, "two answers to run");
  served.pipe.destroy();
  await served.server.ended;
  assert.equal(served.provider.open, 0);
  assert.equal(asked.length, 2);
});

test("a budget stops a run cleanly: what was sent ends as it would, every other stream with its own code, and the end counts them", async (context) => {
  const served = await startReady(context);
  const asked = serveFiles(served);
  const ends = hearEnds(served);
  served.provider.otherwise(answers("A summary."));
  const files = Array.from({ length: 12 }, (_, index) => `${index}.ts`);
  const { run, streams } = await served.connection.sendRequest(StartGather, {
    ...request(files, ["scripted/m"], 2),
    budget: { requests: 3 },
  });
  await attachAll(served, streams);
  const codes: (string | undefined)[] = [];
  for (const { item, model } of streams) codes.push((await served.untilEnd(`${item} ${model}`)).error?.providerCode);
  assert.deepEqual([codes.filter((code) => code === undefined).length, codes.filter((code) => code === "budget-exhausted").length], [3, 9]);
  await until(() => ends.length > 0, "the end of the run");
  assert.deepEqual(ends, [{ run, complete: 3, failed: 9, cancelled: 0, overBudget: 9, usage: { inputTokens: 15, outputTokens: 6 } }]);
  assert.equal(served.provider.requests.length, 3);
  assert.ok(asked.length <= 5, `${asked.length} files were asked for`);
});

test("a budget of money is refused before anything begins where the price of a model is not known, and kept where it is", async (context) => {
  const served = await startReady(context);
  const asked = serveFiles(served);
  served.provider.otherwise(answers("A summary."));
  served.prices.set("scripted/m", flatQuote({ input: 1_000_000, output: 1_000_000 }, "setting"));
  const budget = { amount: 10 };
  await assert.rejects(
    served.connection.sendRequest(StartGather, { ...request(names, ["scripted/m", "scripted/unknown"]), budget }),
    (error) => error instanceof ResponseError && error.data.code === "provider" && error.data.error.providerCode === "price-unknown",
  );
  assert.deepEqual([served.provider.requests.length, asked.length], [0, 0]);
  const parameters = { maxOutputTokens: 1 };
  const { streams } = await served.connection.sendRequest(StartGather, { ...request(), budget, parameters });
  await attachAll(served, streams);
  for (const { item, model } of streams) {
    assert.equal((await served.untilEnd(`${item} ${model}`)).error?.providerCode, "larger-than-budget", "a file is more than ten tokens");
  }
});

test("a budget that is none is refused", async (context) => {
  const served = await startReady(context);
  for (const budget of [{ tokens: -1 }, { amount: "5" }, { requests: 1.5 }, 5]) {
    await assert.rejects(served.connection.sendRequest(StartGather.method, { ...request(), budget }), /budget/u);
  }
});
