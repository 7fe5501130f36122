// What a server or a gateway says in the place of an answer, under status 200 and without a word of its wire.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Provider } from "../../../sidecar/providers/provider.ts";
import { fakeAtHand, providerOnWire } from "../../support/fake-at-hand.ts";
import { call, callError } from "../../support/provider-calls.ts";
import { foldEvents } from "../../support/wire-reading.ts";

const here = await fakeAtHand();
const { fake } = here;

const chat = (): Provider => providerOnWire(here, "openai-chat");

test("Plain words in the place of an answer are an error that holds them and may be tried again, whatever their label", async () => {
  const list = JSON.stringify([{ error: { code: 503, message: "overloaded, sorry", status: "UNAVAILABLE" } }], null, 2);
  const bodies: readonly (readonly [body: string, kind: string, words: RegExp])[] = [
    ["Internal Server Error", "server", /Internal Server Error/u],
    ["upstream connect error\nreset reason: timeout\n", "server", /upstream connect error\s+reset reason: timeout/u],
    [list, "overloaded", /: overloaded, sorry/u],
  ];
  for (const type of ["text/plain; charset=utf-8", "text/event-stream", "application/json"]) {
    for (const [body, kind, words] of bodies) {
      fake.enqueue({ headers: { "content-type": type }, body, split: "bytes" });
      const error = await callError(chat());
      assert.deepEqual([error.kind, error.phase, error.retryable], [kind, "before-first-token", true], type);
      assert.match(error.message, words);
    }
  }
});

test("Plain words in the place of lines of JSON are such an error too; the beginning of JSON, and what is no text, are an answer that was cut", async () => {
  fake.enqueue({ body: "Internal Server Error", headers: { "content-type": "text/plain" } });
  const error = await callError(providerOnWire(here, "ollama"));
  assert.deepEqual([error.kind, error.retryable], ["server", true]);
  assert.match(error.message, /Internal Server Error/u);
  for (const body of ['{"error":{"mess', '[{"error":', "d\0a\0t\0a\0", 'data: {"choi']) {
    fake.enqueue({ body, headers: { "content-type": "text/plain" } });
    const { events, thrown } = await call(chat());
    assert.deepEqual([thrown, foldEvents(events).finish], [null, null], body);
  }
});

test("Fields that carry no answer are no words of an error, and words beside an answer take nothing from it", async () => {
  fake.enqueue({ steps: [{ raw: "retry: 3000\nid: 7\n\n: hello\n\nevent: open\n\n" }] });
  assert.equal((await call(chat())).thrown, null);
  fake.enqueue({ steps: [{ raw: "warming up\n\n" }, { text: "Whole." }, { finish: "stop" }] });
  const { events, thrown } = await call(chat());
  assert.deepEqual([foldEvents(events).text, thrown], ["Whole.", null]);
});
