// An answer that must satisfy a schema: checked, asked for again with what was wrong, told attempt by attempt.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AnswerError } from "../../../sidecar/answers/answer-error.ts";
import { AnswerFold } from "../../../sidecar/answers/fold.ts";
import type { GenerateResult } from "../../../sidecar/api.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import { Session } from "../../../sidecar/sessions/session.ts";
import type { JsonObject, StreamEvent } from "../../../sidecar/types.ts";
import { checkOrder, eventsOf, kinds } from "../answer-events.ts";
import { answers, fails, finish, Gate, scriptedLlm, text, usage, yields } from "../scripted-provider.ts";

const SCHEMA: JsonObject = {
  type: "object",
  properties: { city: { type: "string" }, people: { type: "integer" } },
  required: ["city", "people"],
  additionalProperties: false,
};
const GOOD = '{"city":"Zürich","people":450000}';
const options = { responseSchema: SCHEMA };
const attempts = (events: readonly StreamEvent[]): readonly unknown[] =>
  events.flatMap((event) => (event.type === "attempt" ? [[event.number, event.of, event.reason]] : []));
const ends = (finishReason: "stop" | "length" | "content-filter" | "tool-calls"): ProviderEvent => ({
  type: "finish",
  finishReason,
  rawFinishReason: finishReason,
});

async function failure(answer: Promise<GenerateResult>): Promise<AnswerError> {
  const thrown: unknown = await answer.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof AnswerError, `an AnswerError, not ${String(thrown)}`);
  return thrown;
}

describe("An answer with a schema", () => {
  test("that fits is one attempt, and stays as it came", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(answers('{"city":"Zür', 'ich","people":450000}'));
    const events = await eventsOf(llm, "hi", options);
    assert.deepEqual(attempts(events), [[1, 3, undefined]]);
    assert.equal(checkOrder(events).status, "complete");
    assert.equal(kinds(events).includes("discard"), false);
    assert.equal(provider.requests.length, 1);
  });

  test("that does not fit is asked for again with what was wrong, and nothing of it is left", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(answers('{"city":"Zürich"}'), answers('{"city":"Zürich","people":"many"}'), answers(GOOD));
    const events = await eventsOf(llm, "Which city?", options);
    assert.deepEqual(attempts(events), [
      [1, 3, undefined],
      [2, 3, "the value must have required property 'people'"],
      [3, 3, "/people must be integer"],
    ]);
    const fold = new AnswerFold("scripted/m");
    fold.add(events);
    assert.equal(fold.result().content, GOOD);
    assert.deepEqual(fold.result().message.content, [{ type: "text", text: GOOD }]);
    const [first, second] = provider.requests;
    assert.deepEqual(second?.messages.slice(0, 1), first?.messages);
    const [answer, complaint] = second?.messages.slice(1) ?? [];
    assert.deepEqual(answer, { role: "assistant", content: [{ type: "text", text: '{"city":"Zürich"}' }] });
    assert.match(JSON.stringify(complaint), /must have required property 'people'/u);
  });

  test("costs what all its attempts cost", async () => {
    const { llm, provider } = scriptedLlm();
    const charged: ProviderEvent = { type: "usage", inputTokens: 10, outputTokens: 5, charged: 0.5 };
    provider.enqueue(yields([text("no"), charged, finish]), yields([text(GOOD), { ...charged, inputTokens: 20, charged: 1 }, finish]));
    const events = await eventsOf(llm, "hi", options);
    const end = checkOrder(events);
    assert.deepEqual(end.usage, { inputTokens: 30, outputTokens: 10 });
    assert.deepEqual(end.cost, { amount: 1.5, currency: "USD", source: "charged" });
    assert.deepEqual(
      events.flatMap((event) => (event.type === "usage" ? [event.inputTokens] : [])),
      [10, 30],
      "what is told on the way counts the attempts before too",
    );
  });

  test("that never fits fails as `schema-mismatch`, with the last text in the error alone", async () => {
    const { llm, provider } = scriptedLlm();
    provider.otherwise(answers("I would rather not."));
    const events = await eventsOf(llm, "hi", options);
    assert.deepEqual(kinds(events).slice(-2), ["discard", "end"]);
    const end = checkOrder(events);
    assert.deepEqual([end.status, end.error?.rejectedText], ["error", "I would rather not."]);
    provider.requests.length = 0;
    const error = await failure(llm.generate("hi", options));
    assert.deepEqual([error.kind, error.providerCode, error.retryable], ["protocol", "schema-mismatch", false]);
    assert.match(error.message, /after 3 attempts: it is no JSON/u);
    assert.equal(error.info.rejectedText, "I would rather not.");
    assert.deepEqual([error.partial.content, error.partial.message.content], ["", []]);
    assert.equal(error.partial.status, "error");
    assert.equal(provider.requests.length, 3);
    assert.deepEqual(error.partial.usage, { inputTokens: 15, outputTokens: 6 });
  });

  test("that never fits is counted with its text also where the provider tells of no tokens", async () => {
    const { llm, provider } = scriptedLlm();
    provider.otherwise(yields([text("I would rather not, and say so at some length."), finish]));
    const { usage: taken } = checkOrder(await eventsOf(llm, "hi", options));
    assert.equal(taken?.estimated, true);
    assert.ok((taken.outputTokens ?? 0) >= 3 * 8, `${taken.outputTokens} tokens of three answers`);
  });

  test("that never fits is kept in the error up to a bound, whole characters of it", async () => {
    const { llm, provider } = scriptedLlm();
    provider.otherwise(answers(`-${"😀".repeat(20_000)}`));
    const { rejectedText } = (await failure(llm.generate("hi", options))).info;
    assert.equal(rejectedText, `-${"😀".repeat(8191)}`);
  });

  for (const [how, written] of [
    ["a fence", `\`\`\`json\n${GOOD}\n\`\`\``],
    ["words", `Here it is:\n${GOOD}\nI hope that helps.`],
    ["a fence among words", `Here it is:\n\n\`\`\`\n${GOOD}\n\`\`\`\n\nEnjoy {it}!`],
    ["a mark of the byte order", `\uFEFF${GOOD}`],
    ["blanks that JSON does not know", `\u00A0${GOOD}\u2028\n`],
    ["words with brackets", `Of [1] course: ${GOOD} as [2] says.`],
    ["a first try", `First:\n\`\`\`json\n${GOOD.replace("450000", '"many"')}\n\`\`\`\nNo:\n\`\`\`json\n${GOOD}\n\`\`\``],
  ] as const) {
    test(`is its JSON alone, where a model puts ${how} around it`, async () => {
      const { llm, provider } = scriptedLlm();
      provider.enqueue(answers(written));
      const events = await eventsOf(llm, "hi", options);
      assert.deepEqual(kinds(events).slice(-3), ["discard", "text-delta", "end"]);
      const fold = new AnswerFold("scripted/m");
      fold.add(events);
      assert.equal(fold.result().content, GOOD);
      assert.equal(provider.requests.length, 1);
    });
  }

  test("stays as it came with JSON's own white space around it", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(answers(`\n\t${GOOD} \r\n`));
    const events = await eventsOf(llm, "hi", options);
    assert.equal(kinds(events).includes("discard"), false);
    assert.equal(checkOrder(events).status, "complete");
  });

  test("may be thought about first", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(answers("<think>{hm}</think>\n", GOOD));
    const { content, reasoning } = await llm.generate("hi", options);
    assert.deepEqual([content, reasoning], [GOOD, "{hm}"]);
  });

  test("that was cut at its limit is not asked for again: it would be cut again", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(yields([text('{"city":"Zü'), ends("length")]));
    const error = await failure(llm.generate("hi", options));
    assert.equal(error.providerCode, "schema-mismatch");
    assert.match(error.message, /cut at its limit/u);
    assert.deepEqual([error.partial.content, error.info.rejectedText], ["", '{"city":"Zü']);
    assert.equal(provider.requests.length, 1);
  });

  test("that the provider's filter stopped, or that calls tools first, is left as it is", async () => {
    const { llm, provider } = scriptedLlm();
    const call: ProviderEvent = { type: "tool-call", id: "1", name: "f", arguments: "{}" };
    provider.enqueue(yields([text("I cannot"), ends("content-filter")]), yields([call, ends("tool-calls")]));
    assert.equal((await llm.generate("hi", options)).finishReason, "content-filter");
    assert.equal((await llm.generate("hi", options)).toolCalls.length, 1);
    assert.equal(provider.requests.length, 2);
  });

  test("that says it calls tools and calls none is checked, whatever it kept besides", async () => {
    const { llm, provider } = scriptedLlm();
    const thought: ProviderEvent = { type: "opaque", provider: "scripted", data: { thought: "Hm." } };
    const wrong = yields([thought, text("Sure! I will."), ends("tool-calls")]);
    provider.enqueue(wrong, yields([ends("tool-calls")]), yields([text(GOOD), ends("tool-calls")]));
    const { content, finishReason } = await llm.generate("hi", options);
    assert.deepEqual([content, finishReason, provider.requests.length], [GOOD, "tool-calls", 3]);
  });

  test("that calls a tool of another kind than functions is left as it is", async () => {
    const { llm, provider } = scriptedLlm();
    const called: ProviderEvent = { type: "opaque", provider: "scripted", data: { item: "custom_tool_call" } };
    provider.enqueue(yields([called, ends("tool-calls")]));
    assert.equal((await llm.generate("hi", options)).finishReason, "tool-calls");
    assert.equal(provider.requests.length, 1);
  });

  test("that was cut is told as cut", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(yields([text('{"ci')]));
    assert.equal((await failure(llm.generate("hi", options))).providerCode, "stream-cut");
  });

  test("is retried within an attempt like any other, also in the second", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(answers("no"), fails({ kind: "overloaded", retryable: true }), answers(GOOD));
    const events = await eventsOf(llm, "hi", options);
    assert.equal(checkOrder(events).status, "complete");
    assert.deepEqual(attempts(events).length, 2);
    assert.ok(kinds(events).includes("status retrying"));
  });

  test("holds one place at its endpoint for each attempt, and gives it back between them", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 1 });
    provider.otherwise(answers("no"));
    await Promise.all([failure(llm.generate("a", options)), failure(llm.generate("b", options))]);
    assert.equal(provider.mostOpen, 1);
    assert.equal(limiter.active, 0);
  });

  test("can be cancelled in its second attempt", async () => {
    const { llm, provider } = scriptedLlm();
    const gate = new Gate();
    const abort = new AbortController();
    provider.enqueue(answers("no"), async function* (_request, { signal }) {
      yield [text("{")];
      await gate.pass(signal);
    });
    const answer = llm.generate("hi", { ...options, signal: abort.signal });
    await gate.reached;
    abort.abort();
    const { status, content } = await answer;
    assert.deepEqual([status, content], ["cancelled", "{"]);
  });

  test("is kept by a session as its last attempt alone", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(answers("no"), answers(`Here: ${GOOD}`), answers("Fine."));
    const session = new Session(llm);
    await session.generate("Which city?", options);
    const [, answer] = await session.messages();
    assert.deepEqual(answer?.message.content, [{ type: "text", text: GOOD }]);
    assert.deepEqual(answer.usage, { inputTokens: 10, outputTokens: 4 });
    await session.generate("Thanks");
    assert.doesNotMatch(JSON.stringify(provider.requests.at(-1)?.messages), /"no"|does not satisfy/u);
  });

  test("that never fits leaves nothing of it in a session", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(answers("no"), answers("no"), answers("no"), answers("Fine."));
    const session = new Session(llm);
    await failure(session.generate("Which city?", options));
    const [, answer] = await session.messages();
    assert.deepEqual([answer?.status, answer?.message.content, answer?.error?.rejectedText], ["error", [], "no"]);
    await session.generate("Thanks");
    assert.doesNotMatch(JSON.stringify(provider.requests.at(-1)?.messages), /"no"/u);
  });

  for (const [what, schema] of [
    ["an unknown type", { type: "text" }],
    ["a reference that leads nowhere", { $ref: "https://example.com/elsewhere" }],
    ["a keyword of the wrong kind", { required: "all" }],
  ] as const) {
    test(`whose schema has ${what} is refused before anything is sent`, async () => {
      const { llm, provider } = scriptedLlm();
      const error = await failure(llm.generate("hi", { responseSchema: schema }));
      assert.deepEqual([error.kind, error.providerCode], ["invalid-request", "invalid-parameter"]);
      assert.match(error.message, /responseSchema/u);
      assert.equal(provider.requests.length, 0);
    });
  }

  test("whose schema is no object is refused by what it is", async () => {
    const { llm, provider } = scriptedLlm();
    const none: JsonObject = JSON.parse("null");
    const error = await failure(llm.generate("hi", { responseSchema: none }));
    assert.deepEqual(
      [error.providerCode, error.message],
      ["invalid-parameter", 'The parameter "responseSchema" must be an object; it is null.'],
    );
    assert.equal(provider.requests.length, 0);
  });

  test("may have a schema of draft 7, of draft 2020-12, one that refers to itself, or any format", async () => {
    const { llm, provider } = scriptedLlm();
    const tuple7 = { $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: "number" }], additionalItems: false };
    const tuple2020 = { $schema: "https://json-schema.org/draft/2020-12/schema", prefixItems: [{ type: "number" }], items: false };
    const tree = { $defs: { node: { type: "array", items: { $ref: "#/$defs/node" } } }, $ref: "#/$defs/node" };
    const format = { type: "string", format: "airport" };
    for (const [schema, right, wrong] of [
      [tuple7, "[1]", "[1,2]"],
      [tuple2020, "[1]", "[1,2]"],
      [tree, "[[],[[]]]", "[[1]]"],
      [format, '"ZRH"', "1"],
    ] as const) {
      provider.enqueue(answers(wrong), answers(right));
      const asked = provider.requests.length;
      assert.equal((await llm.generate("hi", { responseSchema: schema })).content, right);
      assert.equal(provider.requests.length, asked + 2, `${wrong} is refused`);
    }
  });

  test("that is nested deeper than can be checked does not fit, and does no harm", async () => {
    const { llm, provider } = scriptedLlm();
    const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    provider.otherwise(yields([text(deep), usage, finish]));
    const tree = { $defs: { node: { type: "array", items: { $ref: "#/$defs/node" } } }, $ref: "#/$defs/node" };
    const error = await failure(llm.generate("hi", { responseSchema: tree }));
    assert.equal(error.providerCode, "schema-mismatch");
  });

  const mail = { type: "string", pattern: "^([a-zA-Z0-9]+[._-]?)+@[a-z]+$" };
  const branch = { type: "object", properties: { a: { $ref: "#/$defs/node" } }, required: ["b"] };
  const tree: JsonObject = { $defs: { node: { anyOf: [branch, branch, branch, branch] } }, $ref: "#/$defs/node" };
  for (const [what, schema, wrong, right, reason] of [
    ["a pattern that would be matched for years", mail, JSON.stringify("a".repeat(46)), '"it@is"', /"\^\(\[a-zA-Z0-9\]/u],
    ["a schema that would be tried for years", tree, `${'{"a":'.repeat(20)}{}${"}".repeat(20)}`, '{"b":1}', /seconds$/u],
  ] as const) {
    test(`that meets ${what} holds nobody up, and is asked for again`, async () => {
      const { llm, provider } = scriptedLlm();
      const { promise: hasCome, resolve: come } = Promise.withResolvers<void>();
      provider.enqueue(
        async function* () {
          yield [text(wrong), finish];
          setImmediate(come);
        },
        answers("meanwhile"),
        answers(right),
      );
      const order: string[] = [];
      const checked = eventsOf(llm, "hi", { responseSchema: schema }).finally(() => order.push("checked"));
      await Promise.race([hasCome, checked]);
      assert.equal((await llm.generate("and?")).content, "meanwhile");
      order.push("another answer");
      const events = await checked;
      assert.deepEqual(order, ["another answer", "checked"]);
      assert.equal(checkOrder(events).status, "complete");
      const [, again] = attempts(events);
      assert.match(String(again), /^2,3,it cannot be checked within 3 seconds/u);
      assert.match(String(again), reason);
    });
  }

  test("that is longer than any model's is refused unread", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(yields([text(`"${"a".repeat(16_777_216)}"`), ends("length")]));
    const error = await failure(llm.generate("hi", { responseSchema: { type: "string" } }));
    assert.match(error.message, /it is longer than 16777216 characters/u);
  });

  test("can be cancelled while it is checked, however long that would take", async () => {
    const { llm, provider } = scriptedLlm();
    const abort = new AbortController();
    provider.enqueue(async function* () {
      yield [text(JSON.stringify("a".repeat(46))), finish];
      setImmediate(() => setImmediate(() => abort.abort()));
    });
    const { status, content } = await llm.generate("hi", { responseSchema: mail, signal: abort.signal });
    assert.deepEqual([status, content], ["cancelled", JSON.stringify("a".repeat(46))]);
    assert.equal(provider.requests.length, 1);
  });
});
