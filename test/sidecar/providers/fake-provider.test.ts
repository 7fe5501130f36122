// The provider that the other tests trust: that it does what it is told, also from another process.

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { after, afterEach, before, describe, test } from "node:test";
import type { JsonValue } from "../../../sidecar/types.ts";
import { FakeProvider, type FakeWire } from "../../support/fake-provider.ts";

const PATHS: Readonly<Record<FakeWire, string>> = {
  "openai-chat": "/v1/chat/completions",
  "openai-responses": "/v1/responses",
  anthropic: "/v1/messages",
  ollama: "/api/chat",
};

function ask(
  origin: string,
  wire: FakeWire = "openai-chat",
  body: JsonValue = { messages: [{ role: "user", content: "hi" }] },
  headers = {},
): Promise<Response> {
  return fetch(origin + PATHS[wire], {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

describe("The fake provider", () => {
  let fake: FakeProvider;
  before(async () => {
    fake = await FakeProvider.start();
  });
  after(async () => fake.close());
  afterEach(() => {
    fake.reset();
    fake.key = undefined;
  });

  test("repeats the last message of the user unless told otherwise, on every wire", async () => {
    for (const wire of ["openai-chat", "openai-responses", "anthropic", "ollama"] as const) {
      const text = await (await ask(fake.origin, wire)).text();
      assert.match(text, /said:/u, wire);
      assert.match(text, / hi/u, wire);
    }
  });

  test("sends usage of a chat completion only where it was asked for", async () => {
    const without = await (await ask(fake.origin)).text();
    const withUsage = await (await ask(fake.origin, "openai-chat", { messages: [], stream_options: { include_usage: true } })).text();
    assert.deepEqual([without.includes("prompt_tokens"), withUsage.includes("prompt_tokens")], [false, true]);
  });

  test("answers from its queue first, each answer to a request of its route", async () => {
    fake.enqueue({ route: "ollama", text: "for ollama" }, { text: "for anybody" });
    assert.match(await (await ask(fake.origin)).text(), /anybody/u);
    assert.match(await (await ask(fake.origin, "ollama")).text(), /ollama/u);
  });

  test("waits at a gate until it is opened, and lets one through when it is released", async () => {
    fake.respond({ steps: [{ gate: "g" }, { raw: "through" }] });
    const first = ask(fake.origin).then(async (response) => response.text());
    const second = ask(fake.origin).then(async (response) => response.text());
    await fake.waitFor((state) => state.waitingAt.length === 2, "both to wait");
    fake.gate("g").release();
    assert.equal(await Promise.race([first, second]), "through");
    assert.equal(fake.state().waitingAt.length, 1);
    fake.gate("g").open();
    assert.deepEqual(await Promise.all([first, second]), ["through", "through"]);
  });

  test("notices that its client has gone", async () => {
    fake.enqueue({ steps: [{ text: "a" }, { gate: "never" }] });
    const abort = new AbortController();
    await fetch(fake.origin + PATHS["openai-chat"], { method: "POST", body: "{}", signal: abort.signal });
    abort.abort();
    await fake.waitFor((state) => state.clientClosed === 1 && state.openAnswers === 0, "the socket to be closed");
    assert.equal(fake.requests[0]?.state, "client-closed");
  });

  test("cuts an answer where it is told to", async () => {
    fake.enqueue({ steps: [{ raw: "a" }, { cut: "close" }, { raw: "b" }] });
    await assert.rejects((await ask(fake.origin)).text());
    assert.equal(fake.requests[0]?.state, "cut");
  });

  test("refuses other keys than its own, in any of the headers", async () => {
    fake.key = "right";
    assert.equal((await ask(fake.origin)).status, 401);
    assert.equal((await ask(fake.origin, "openai-chat", {}, { authorization: "Bearer wrong" })).status, 401);
    for (const headers of [{ authorization: "Bearer right" }, { "x-api-key": "right" }, { "api-key": "right" }]) {
      assert.equal((await ask(fake.origin, "openai-chat", {}, headers)).status, 200);
    }
  });

  test("fails a wait that is in vain, and says what it waited for", async () => {
    await assert.rejects(
      fake.waitFor((state) => state.requests > 0, "a request", 20),
      /20 ms for a request/u,
    );
  });
});

describe("The fake provider in a process of its own", () => {
  let child: ChildProcess;
  let origin = "";
  const control = async (path: string, body?: JsonValue): Promise<JsonValue> => {
    const response = await fetch(`${origin}/control/${path}`, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
    assert.equal(response.status, 200, path);
    const answer: JsonValue = JSON.parse(await response.text());
    return answer;
  };

  before(async () => {
    child = spawn(process.execPath, [fileURLToPath(new URL("../../support/fake-provider.ts", import.meta.url)), "--port", "0"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    assert.ok(child.stdout !== null);
    const [line]: unknown[] = await once(child.stdout, "data");
    origin = /http:\/\/\S+/u.exec(String(line))?.[0] ?? assert.fail(String(line));
  });
  after(async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });

  test("is told over HTTP what to do, and tells what it saw", async () => {
    await control("options", { models: ["one", "two"], key: "k" });
    await control("enqueue", [{ steps: [{ text: "first" }, { gate: "more" }, { text: " second" }, { finish: "stop" }] }]);
    const answer = ask(origin, "openai-chat", { model: "m" }, { authorization: "Bearer k" }).then(async (response) => response.text());
    await control("wait?waitingAt=more&requests=1");
    await control("gate/more/open", {});
    assert.match(await answer, /first[^]*second/u);
    const requests = JSON.stringify(await control("requests"));
    assert.match(requests, /"route":"openai-chat".*"authorization":"Bearer k"/u);
    const models = await fetch(`${origin}/v1/models`, { headers: { authorization: "Bearer k" } });
    assert.match(await models.text(), /"one".*"two"/u);
    await control("reset", {});
    assert.match(JSON.stringify(await control("state")), /"requests":0/u);
  });

  test("says when what was waited for did not come", async () => {
    const response = await fetch(`${origin}/control/wait?clientClosed=9&timeoutMs=20`);
    assert.equal(response.status, 408);
  });

  test("ends with its stdin", async () => {
    child.stdin?.end();
    const [code]: unknown[] = await once(child, "exit");
    assert.equal(code, 0);
  });
});
