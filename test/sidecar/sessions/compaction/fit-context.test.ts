import assert from "node:assert/strict";
import { test } from "node:test";
import type { Llm } from "../../../../sidecar/api.ts";
import { fittingContext, type FitOptions } from "../../../../sidecar/sessions/compaction/fit-context.ts";
import { modelContext } from "../../../../sidecar/sessions/model-context.ts";
import type { Message, StoredMessage, Usage } from "../../../../sidecar/types.ts";
import { ProviderError } from "../../../../sidecar/providers/provider.ts";
import { answers, fails, Gate, scriptedLlm, waitsAt, type ScriptedProvider } from "../../scripted-provider.ts";

const WORDS = "It was about tea and how it is dried. ";

/** Questions and answers of about so many tokens each, and a question at the end. */
function conversation(turns: number, tokens: number, usage?: Usage): StoredMessage[] {
  const path: StoredMessage[] = [];
  const text = WORDS.repeat(Math.ceil((tokens * 4) / WORDS.length));
  const add = (message: Message, rest: Partial<StoredMessage> = {}): void => {
    const parent = path.at(-1)?.id ?? null;
    path.push({ id: `m${path.length}`, session: "s", parent, message, createdAt: path.length, ...rest });
  };
  for (let turn = 0; turn < turns; turn += 1) {
    add({ role: "user", content: [{ type: "text", text: `Question ${turn}: ${text}` }] });
    add(
      { role: "assistant", content: [{ type: "text", text: `Answer ${turn}: ${text}` }] },
      { status: "complete", model: "scripted/m", ...(usage !== undefined && { usage }) },
    );
  }
  add({ role: "user", content: [{ type: "text", text: "The last question." }] });
  return path;
}

interface Fitted {
  readonly provider: ScriptedProvider;
  readonly kept: StoredMessage[];
  readonly told: string[];
  readonly fit: (options?: Partial<FitOptions>, signal?: AbortSignal) => Promise<readonly Message[]>;
}

/** With a model of this window; undefined: nobody knows it. */
function fitting(path: readonly StoredMessage[], window: number | undefined): Fitted {
  const { provider, llm } = scriptedLlm();
  const kept: StoredMessage[] = [];
  const told: string[] = [];
  const known: Llm = { ...llm, contextWindow: async () => window };
  const fit: Fitted["fit"] = (options = {}, signal = new AbortController().signal) =>
    fittingContext(
      {
        session: "s",
        path,
        summaries: [],
        llm: known,
        parameters: {},
        whenFull: "summarize",
        summarizing: () => void told.push("summarizing"),
        keep: async (summary) => void kept.push(summary),
        ...options,
      },
      signal,
    );
  return { provider, kept, told, fit };
}

const texts = (messages: readonly Message[]): string[] =>
  messages.map(({ role, content }) => `${role} ${content.map((part) => (part.type === "text" ? part.text : "")).join("")}`);
const words = (message: Message | undefined): string => texts(message === undefined ? [] : [message]).join("");

test("what fits is sent as it is, and a short conversation asks nobody how much the model reads", async () => {
  const { fit, provider } = fitting(conversation(2, 100), 100);
  const path = conversation(2, 100);
  assert.deepEqual(await fit(), modelContext(path));
  const large = fitting(conversation(10, 400), 100_000);
  assert.equal((await large.fit()).length, 21);
  assert.equal(provider.requests.length + large.provider.requests.length, 0);
});

test("what does not fit is summarised but for the latest turns, and the summary reaches the model in its place", async () => {
  const path = conversation(10, 400);
  const { provider, kept, told, fit } = fitting(path, 8_000);
  provider.otherwise(answers("They talked ", "about tea."));
  const sent = await fit();
  assert.deepEqual(told, ["summarizing"]);
  assert.equal(sent[0]?.role, "system");
  assert.match(words(sent[0]), /They talked about tea\.$/u);
  assert.equal(sent[1]?.role, "user");
  assert.equal(words(sent.at(-1)), "user The last question.");
  const [summary] = kept;
  const covered = path.findIndex(({ id }) => id === summary?.parent);
  assert.equal(words(sent[1]), words(path[covered + 1]?.message));
  // Half of what fits stays as it was said.
  assert.ok(covered > 8 && covered < 17, `it stands for ${covered + 1} messages`);
  assert.deepEqual(summary?.message, { role: "system", content: [{ type: "text", text: "They talked about tea." }] });
  // The tokens of all requests that it took.
  assert.deepEqual(
    [summary?.status, summary?.model, summary?.usage?.inputTokens],
    ["complete", "scripted/m", 5 * provider.requests.length],
  );
});

test("the model that summarises reads all of the older part, in pieces that fit, each with the summary so far", async () => {
  const path = conversation(30, 400);
  const { provider, kept, fit } = fitting(path, 4_000);
  provider.otherwise(answers("so far"));
  await fit();
  assert.ok(provider.requests.length > 3, `${provider.requests.length} pieces`);
  const read = provider.requests.map(({ messages }) => words(messages[0]));
  const covered = path.findIndex(({ id }) => id === kept[0]?.parent);
  for (let turn = 0; 2 * turn < covered; turn += 1) {
    assert.equal(read.filter((piece) => piece.includes(`Question ${turn}:`)).length, 1, `question ${turn} is read once`);
  }
  for (const [index, piece] of read.entries()) {
    assert.equal(piece.includes("to be taken into yours:\n\nso far"), index > 0);
    assert.ok(Buffer.byteLength(piece) < 4_000 * 3, `piece ${index} has ${Buffer.byteLength(piece)} bytes`);
  }
});

test("a second summary is made of the first and of what came after it", async () => {
  const path = conversation(20, 400);
  const { provider, kept, fit } = fitting(path, 8_000);
  provider.otherwise(answers("the first"));
  await fit();
  provider.otherwise(answers("the second"));
  const later = conversation(10, 400).map((stored, index): StoredMessage => {
    const text = words(stored.message).replace("Question", "Later question");
    const message: Message = stored.message.role === "user" ? { role: "user", content: [{ type: "text", text }] } : stored.message;
    return { ...stored, message, id: `n${index}`, parent: index === 0 ? "m40" : `n${index - 1}` };
  });
  const longer = [...path, ...later];
  provider.requests.length = 0;
  const sent = await fit({ path: longer, summaries: kept });
  assert.match(words(sent[0]), /the second$/u);
  assert.match(words(provider.requests[0]?.messages[0]), /to be taken into yours:\n\nthe first/u);
  const read = provider.requests.map(({ messages }) => words(messages[0])).join("\n");
  assert.ok(read.includes("Later question 0:") && !read.includes("Question 0:"), "what the first stands for is not read again");
});

test("where that is not wanted, what does not fit is refused with its size and the model's", async () => {
  const { provider, fit } = fitting(conversation(10, 400), 8_000);
  await assert.rejects(fit({ whenFull: "refuse" }), (error) => {
    assert.ok(error instanceof ProviderError && error.kind === "context-length" && error.providerCode === "context-full");
    return /about 9\d{3} tokens.*holds 8000/u.test(error.message);
  });
  assert.equal(provider.requests.length, 0);
});

test("what the provider has counted counts, not what is estimated", async () => {
  const usage = { inputTokens: 7_000, outputTokens: 900 };
  const { fit, told, provider } = fitting(conversation(4, 300, usage), 8_000);
  provider.otherwise(answers("short"));
  await fit();
  assert.deepEqual(told, ["summarizing"]);
  // About 9,900 as it is estimated, of which the window has room for 9,000.
  const roomy = fitting(conversation(10, 400, { inputTokens: 8_300, outputTokens: 400 }), 12_000);
  await roomy.fit();
  assert.deepEqual(roomy.told, []);
});

/** The same with a model that counts so many tokens, and how often it was asked to. */
function counting(path: readonly StoredMessage[], window: number, tokens: number | undefined) {
  const counted: (readonly Message[])[] = [];
  const { provider, llm } = scriptedLlm();
  const told = fitting(path, window);
  const counts: Llm = {
    ...llm,
    contextWindow: async () => window,
    countTokens: async (prompt) => {
      assert.ok(typeof prompt !== "string");
      counted.push(prompt);
      return tokens;
    },
  };
  return { ...told, provider, counted, fit: (options: Partial<FitOptions> = {}) => told.fit({ llm: counts, ...options }) };
}

test("where an estimate cannot decide, the model counts, and its count decides", async () => {
  // About 9,900 as it is estimated.
  const path = conversation(10, 400);
  const fits = counting(path, 12_000, 8_900);
  assert.equal((await fits.fit()).length, 21);
  assert.deepEqual(fits.counted, [modelContext(path)], "all that is sent is counted");
  const doesNot = counting(path, 16_000, 12_500);
  doesNot.provider.otherwise(answers("They talked."));
  await doesNot.fit();
  assert.deepEqual(doesNot.told, ["summarizing"]);
  await assert.rejects(counting(path, 12_000, 9_123).fit({ whenFull: "refuse" }), /has 9123 tokens/u);
});

test("what surely fits or surely does not is not counted, and what cannot be counted is estimated and marked so", async () => {
  const path = conversation(10, 400);
  for (const window of [20_000, 4_000]) {
    const { counted, fit, provider } = counting(path, window, 1);
    provider.otherwise(answers("They talked."));
    await fit();
    assert.equal(counted.length, 0, `in a window of ${window}`);
  }
  const { counted, fit } = counting(path, 12_000, undefined);
  await assert.rejects(
    fit({ whenFull: "refuse" }),
    /has about 9\d{3} tokens.* Ask a shorter question.*"summarize" as the setting "whenContextIsFull"\./u,
  );
  assert.equal(counted.length, 1);
});

test("what the provider has counted is not counted again at each turn, as long as what came since surely fits beside it", async () => {
  const path = conversation(10, 400, { inputTokens: 10_000, outputTokens: 400 });
  const { counted, fit, told } = counting(path, 16_000, 10_500);
  assert.equal((await fit()).length, 21);
  assert.deepEqual([counted.length, told], [0, []]);
  const close = counting(path, 13_885, 10_405);
  assert.equal((await close.fit()).length, 21);
  assert.equal(close.counted.length, 1);
});

/** Its last answer's figures hold 5,000 tokens of thoughts, of which no later request has one. */
function thoughtful(reasoningTokens?: number): StoredMessage[] {
  const path = conversation(10, 400, {
    inputTokens: 8_300,
    outputTokens: 5_400,
    ...(reasoningTokens !== undefined && { reasoningTokens }),
  });
  return path.map((stored): StoredMessage => {
    const { message } = stored;
    if (message.role !== "assistant" || stored !== path.at(-2)) return stored;
    return { ...stored, message: { role: "assistant", content: [{ type: "reasoning", text: WORDS.repeat(526) }, ...message.content] } };
  });
}

test("what an answer's model has thought takes no room, also where its server counts thoughts and words together", async () => {
  for (const path of [thoughtful(5_000), thoughtful()]) {
    const { fit, told } = fitting(path, 12_000);
    assert.equal((await fit()).length, 21);
    assert.deepEqual(told, []);
  }
  // Where that is guessed the model is asked before anything is summarised.
  const asked = counting(thoughtful(), 11_600, 8_650);
  assert.equal((await asked.fit()).length, 21);
  assert.deepEqual([asked.counted.length, asked.told], [1, []]);
});

test("where a text has more tokens than estimated, less of it stays beside its summary", async () => {
  const path = conversation(10, 400);
  const kept = async (tokens: number | undefined): Promise<number> => {
    const { fit, provider } = counting(path, 12_000, tokens);
    provider.otherwise(answers("They talked."));
    return (await fit()).length;
  };
  const [dense, usual] = [await kept(20_000), await kept(undefined)];
  assert.ok(dense < usual, `${dense} messages and ${usual}`);
});

/** A table of a database's terminal, of which gpt-oss's tokenizer counts 4,949 tokens, and a question about it. */
function aboutTable(usage?: Usage): StoredMessage[] {
  const row = (_: unknown, index: number): string =>
    ` ${String(index).padStart(6)} | ${`name${index}`.padEnd(40)} | ${"active".padEnd(30)} | ${" ".repeat(60)} |`;
  const [question, answer, last] = conversation(1, 1, usage);
  assert.ok(question && answer && last);
  const text = Array.from({ length: 380 }, row).join("\n");
  return [{ ...question, message: { role: "user", content: [{ type: "text", text }] } }, answer, last];
}

test("a table has few tokens for its length: what was counted of it is believed, and asked for before anything is summarised", async () => {
  const told = fitting(aboutTable({ inputTokens: 4_949, outputTokens: 5 }), 8_192);
  assert.equal((await told.fit({ whenFull: "refuse" })).length, 3);
  const asked = counting(aboutTable(), 8_192, 4_965);
  assert.equal((await asked.fit()).length, 3);
  assert.deepEqual([asked.counted.length, asked.told], [1, []]);
  // Where nobody counts, it is estimated by what it is made of: a twelfth of its 57,000 bytes.
  const estimated = fitting(aboutTable(), 12_000);
  assert.equal((await estimated.fit({ whenFull: "refuse" })).length, 3);
});

test("a count that no text can have is not believed: some servers leave out what they had in a cache", async () => {
  const path = conversation(10, 400, { inputTokens: 50, outputTokens: 400 });
  const { fit, told, provider } = fitting(path, 8_000);
  provider.otherwise(answers("short"));
  await fit();
  assert.deepEqual(told, ["summarizing"]);
  // Also where the question that came since is as long as all before it.
  const longest: Message = { role: "user", content: [{ type: "text", text: WORDS.repeat(450) }] };
  const longer = fitting([...path.slice(0, -1), ...path.slice(-1).map((last) => ({ ...last, message: longest }))], 10_000);
  longer.provider.otherwise(answers("short"));
  await longer.fit();
  assert.deepEqual(longer.told, ["summarizing"]);
});

test("what another model has counted, or a request that had no summary yet, does not count", async () => {
  const counted = conversation(10, 400, { inputTokens: 5_000, outputTokens: 400 }).map((stored) => ({
    ...stored,
    model: "scripted/other",
  }));
  const { fit, told, provider } = fitting(counted, 8_000);
  provider.otherwise(answers("short"));
  await fit();
  assert.deepEqual(told, ["summarizing"]);
});

test("of unknown windows nothing is said until the provider refuses; then less is sent, once", async () => {
  const path = conversation(10, 400);
  const { provider, fit, told } = fitting(path, undefined);
  assert.equal((await fit()).length, 21);
  provider.otherwise(answers("They talked."));
  const sent = await fit({ refused: true });
  assert.deepEqual(told, ["summarizing"]);
  assert.ok(sent.length < 15 && words(sent[0]).endsWith("They talked."));
});

test("a question that is itself too long is told as that, and nobody is asked for a summary of nothing", async () => {
  const [question] = conversation(0, 0);
  assert.ok(question);
  const huge: StoredMessage = { ...question, message: { role: "user", content: [{ type: "text", text: WORDS.repeat(2_000) }] } };
  const { provider, fit } = fitting([huge], 8_000);
  assert.equal((await fit()).length, 1, "our guess alone refuses nothing");
  await assert.rejects(fit({ refused: true }), (error) => error instanceof ProviderError && error.providerCode === "context-full");
  assert.equal(provider.requests.length, 0);
});

test("a summary that fails fails the answer with what is wrong; one without words is none", async () => {
  const { provider, kept, fit } = fitting(conversation(10, 400), 8_000);
  provider.enqueue(fails({ kind: "auth", status: 401, message: "No such key." }), answers(" "));
  await assert.rejects(fit(), (error) => error instanceof ProviderError && error.kind === "auth" && error.message.endsWith("No such key."));
  await assert.rejects(fit(), (error) => error instanceof ProviderError && error.kind === "context-length");
  assert.deepEqual(kept, []);
});

test("a summary can be called off: its request is closed, and nothing is kept", async () => {
  const { provider, kept, fit } = fitting(conversation(10, 400), 8_000);
  const gate = new Gate();
  provider.enqueue(waitsAt(gate));
  const abort = new AbortController();
  const fitted = fit({}, abort.signal);
  await gate.reached;
  abort.abort(new Error("enough"));
  await assert.rejects(fitted, /enough/u);
  assert.deepEqual([provider.open, kept.length], [0, 0]);
});
