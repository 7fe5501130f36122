// A conversation that outgrows its model's context window.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { AnswerError } from "../../../sidecar/answers/answer-error.ts";
import { defaultSettings, Engine } from "../../../sidecar/engine.ts";
import { KeyRing } from "../../../sidecar/keys.ts";
import { Session } from "../../../sidecar/sessions/session.ts";
import { fakeAtHand } from "../../support/fake-at-hand.ts";
import { answers, fails, finish, Gate, ScriptedProvider, scriptedLlm, text, waitsAt, yields } from "../scripted-provider.ts";
import { asText, eventsOf, shown } from "./told-session.ts";

const { fake } = await fakeAtHand();

/** A whole answer of a provider that tells no figures. */
const unmeasured = (value: string) => yields([text(value), finish]);
const long = "It was about tea and how it is dried. ".repeat(400);

test("fault 25: when the conversation outgrows the model's window, the model is sent its own summary of the older part, and all of it stays", async () => {
  const { provider, llm } = scriptedLlm();
  const told: string[] = [];
  const session = new Session({ ...llm, contextWindow: async () => 20_000 }, { onSummary: ({ parent }) => told.push(parent ?? "") });
  provider.enqueue(unmeasured(long), unmeasured(long));
  provider.otherwise(answers("They talked of tea."));
  for (const question of ["One?", "Two?"]) await session.generate(`${question} ${long}`);
  const turn = await session.begin("What did we talk about?");
  const events = await eventsOf(turn);
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
  );
  assert.ok(events.some((event) => event.type === "status" && event.phase === "summarizing"));
  const last = provider.requests.at(-1);
  assert.match(last?.parameters.system ?? "", /summary of its earlier part:\n\nThey talked of tea\.$/u);
  assert.equal(last?.messages.at(-1)?.role, "user");
  assert.ok(!asText(last?.messages ?? []).includes("One?"));
  const path = await session.messages();
  assert.equal(path.length, 6);
  assert.equal(told.length, 1);
  assert.ok(path.some(({ id }) => id === told[0]));
  // The next question goes on from the same summary.
  await session.generate("And?");
  assert.match(provider.requests.at(-1)?.parameters.system ?? "", /They talked of tea\.$/u);
  assert.equal(told.length, 1);
});

test("a model of unknown window that refuses the request as too long is asked once more, with a summary; then it has the last word", async () => {
  const { provider, llm } = scriptedLlm();
  const session = new Session(llm);
  const tooLong = (message: string) => fails({ kind: "context-length", message });
  provider.enqueue(unmeasured(long), unmeasured(long), tooLong("too long"));
  provider.otherwise(answers("Yes, tea."));
  for (const question of ["One?", "Two?"]) await session.generate(`${question} ${long}`);
  const events = await eventsOf(await session.begin("Tea?"));
  assert.equal(events.filter(({ type }) => type === "end").length, 1);
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
  );
  assert.deepEqual((await shown(session)).at(-1), "assistant (complete): Yes, tea.");
  assert.match(provider.requests.at(-1)?.parameters.system ?? "", /Yes, tea\.$/u);

  provider.otherwise(tooLong("still too long"));
  provider.enqueue(tooLong("too long"), answers("Tea."));
  await assert.rejects(session.generate("Three?"), (error) => error instanceof AnswerError && error.kind === "context-length");
  const before = provider.requests.length;
  provider.enqueue(tooLong("too long"));
  await assert.rejects(
    new Session(llm).generate("Alone?"),
    (error) => error instanceof AnswerError && error.providerCode === "context-full",
  );
  assert.equal(provider.requests.length, before + 1, "there is nothing to summarise");
});

test("a conversation is summarised too where it has no room beside the answer that was asked for, which is larger than it", async () => {
  const providers = { vllm: { baseUrl: fake.baseUrl("openai-chat") } };
  const engine = new Engine({ settings: { ...defaultSettings, providers }, keys: new KeyRing(), local: new ScriptedProvider() });
  after(() => engine.close());
  const context = 8192;
  fake.respond(({ body, bodyText }) => {
    const [prompt, limit] = [Math.ceil(bodyText.length / 4), Number(body?.["max_tokens"])];
    if (prompt + limit <= context) return { steps: [{ text: "Tea." }, { finish: "stop" }] };
    const message = `This model's maximum context length is ${context} tokens. However, you requested ${prompt + limit} tokens (${prompt} in the messages, ${limit} in the completion).`;
    return { status: 400, body: { error: { message, type: "BadRequestError" } } };
  });
  const told: string[] = [];
  const session = new Session(engine.llm("vllm/m", { maxOutputTokens: 5000 }), { onSummary: ({ id }) => told.push(id) });
  for (const question of ["One?", "Two?", "Three?"]) await session.generate(`${question} ${long.slice(0, 4500)}`);
  assert.equal(told.length, 1);
  const last = (await session.messages()).at(-1);
  assert.equal(last?.status, "complete");
});

test("what is refused for its bytes, and cannot be summarised, is told in the words of the refusal", async () => {
  const { provider, llm } = scriptedLlm();
  provider.enqueue(fails({ kind: "context-length", status: 413, message: "Request Entity Too Large" }));
  await assert.rejects(new Session(llm).generate("What is in this picture?"), (error) => {
    assert.ok(error instanceof AnswerError);
    assert.deepEqual([error.message, error.info.status, error.providerCode], ["Request Entity Too Large", 413, undefined]);
    return true;
  });
  assert.equal(provider.requests.length, 1);
});

test("where summaries are not wanted, the refusal is the provider's own, or ours where the window is known", async () => {
  const { provider, llm } = scriptedLlm();
  const unknown = new Session(llm, { whenContextIsFull: "refuse" });
  provider.enqueue(answers("a"), fails({ kind: "context-length", message: "too long" }));
  await unknown.generate("One?");
  await assert.rejects(unknown.generate("Two?"), (error) => error instanceof AnswerError && error.message === "too long");
  assert.equal(provider.requests.length, 2);
  const known = new Session({ ...llm, contextWindow: async () => 4_000 }, { whenContextIsFull: "refuse" });
  await assert.rejects(known.generate(long), (error) => error instanceof AnswerError && error.providerCode === "context-full");
  assert.equal(provider.requests.length, 2);
});

test("fault 26: leaving an answer while older messages are summarised calls the summary off", async () => {
  const { provider, llm } = scriptedLlm();
  const session = new Session({ ...llm, contextWindow: async () => 20_000 });
  provider.enqueue(unmeasured(long), unmeasured(long));
  for (const question of ["One?", "Two?"]) await session.generate(`${question} ${long}`);
  const gate = new Gate();
  provider.enqueue(waitsAt(gate));
  const abort = new AbortController();
  const answer = session.generate("Three?", { signal: abort.signal });
  await gate.reached;
  abort.abort();
  assert.equal((await answer).status, "cancelled");
  assert.equal(provider.open, 0);
  provider.enqueue(waitsAt(gate));
  for await (const batch of (await session.begin("Four?")).events()) {
    if (batch.some((event) => event.type === "status" && event.phase === "summarizing")) break;
  }
  assert.equal(provider.open, 0);
  assert.equal((await shown(session)).at(-1), "assistant (cancelled): ");
});
