// Counts of a prompt's tokens as callers ask for them.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelRequest } from "../../../sidecar/providers/provider.ts";
import { Gate, providerError, scriptedLlm } from "../scripted-provider.ts";

const { signal } = new AbortController();

/** A model whose provider counts in this way, and what it was asked to count. */
function counting(count: (request: ModelRequest, signal: AbortSignal) => Promise<number | undefined>) {
  const { provider, llm } = scriptedLlm();
  const asked: ModelRequest[] = [];
  Object.assign(provider, {
    countTokens: (request: ModelRequest, asking: AbortSignal) => {
      asked.push(request);
      return count(request, asking);
    },
  });
  const ask = (prompt: string, given = signal, system = "Be brief."): Promise<number | undefined> | undefined =>
    llm.countTokens?.(prompt, { system }, given);
  return { provider, asked, ask };
}

test("a prompt is counted as it would be sent, once for the same content, and nothing is answered for it", async () => {
  const { provider, asked, ask } = counting(async ({ messages }) => 100 + messages.length);
  assert.deepEqual([await ask("One?"), await ask("One?")], [101, 101]);
  assert.deepEqual(asked.length, 1);
  assert.deepEqual([asked[0]?.parameters.system, asked[0]?.messages[0]?.role], ["Be brief.", "user"]);
  await ask("Two?");
  await ask("One?", signal, "Be long.");
  assert.equal(asked.length, 3, "other words and another system prompt are counted anew");
  assert.equal(provider.requests.length, 0);
});

test("where nobody can say, or the count fails, there is none, and the next one is asked for again", async () => {
  assert.equal(await scriptedLlm().llm.countTokens?.("One?", {}, signal), undefined);
  const results = [async () => undefined, async () => Promise.reject(providerError({ kind: "server" })), async () => 7];
  const { ask } = counting(() => (results.shift() ?? assert.fail())());
  assert.deepEqual([await ask("One?"), await ask("One?"), await ask("One?")], [undefined, undefined, 7]);
});

test("a count that takes too long is called off, and is none", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const gate = new Gate();
  const { ask } = counting(async (_, asking) => {
    await gate.pass(asking);
    return 7;
  });
  const counted = ask("One?");
  await gate.reached;
  context.mock.timers.tick(3000);
  assert.equal(await counted, undefined);
});

test("a caller who leaves calls the count off", async () => {
  const gate = new Gate();
  let calledOff = false;
  const { ask } = counting(async (_, asking) => {
    asking.addEventListener("abort", () => (calledOff = true));
    await gate.pass(asking);
    return 7;
  });
  const abort = new AbortController();
  const counted = ask("One?", abort.signal);
  await gate.reached;
  abort.abort(new Error("enough"));
  await assert.rejects(counted ?? Promise.resolve(), /enough/u);
  assert.ok(calledOff);
  await assert.rejects(ask("One?", abort.signal) ?? Promise.resolve(), /enough/u);
});
