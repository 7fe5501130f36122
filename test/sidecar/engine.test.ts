import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultSettings, type Engine } from "../../sidecar/engine.ts";
import { gather } from "../../sidecar/gather.ts";
import { KeyRing } from "../../sidecar/keys.ts";
import type { EngineSettings, ProviderSettings } from "../../sidecar/settings.ts";
import { startFake } from "../support/fake-at-hand.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { checkOrder, eventsOf } from "./answer-events.ts";
import { engineMaker } from "./engines.ts";

const fake = await startFake();
const engineWith = engineMaker();

const settingsOf = (providers: { readonly [id: string]: ProviderSettings }): EngineSettings => ({ ...defaultSettings, providers });
const compatible = (): EngineSettings => settingsOf({ "openai-compatible": { baseUrl: fake.baseUrl("openai-chat") } });

describe("where a request goes", () => {
  it("is where the settings say, from the next request on when they change", async () => {
    const engine = engineWith({ settings: settingsOf({ "openai-compatible": { baseUrl: `${fake.origin}/one/v1` } }) });
    const llm = engine.llm("openai-compatible/m");
    await llm.generate("a");
    engine.updateSettings(settingsOf({ "openai-compatible": { baseUrl: `${fake.origin}/two/v1` } }));
    await llm.generate("b");
    assert.deepEqual(
      fake.requests.map(({ path }) => path),
      ["/one/v1/chat/completions", "/two/v1/chat/completions"],
    );
  });

  it("is asked in the manner of the preset that one's own server has now, also where its address stays as it was", async () => {
    const at = (preset: string): EngineSettings => settingsOf({ mine: { preset, baseUrl: fake.baseUrl("openai-chat") } });
    const engine = engineWith({ settings: at("openai-compatible") });
    const llm = engine.llm("mine/m");
    await llm.generate("a", { seed: 1 });
    engine.updateSettings(at("mistral"));
    await llm.generate("b", { seed: 1 });
    assert.deepEqual(
      fake.requests.map(({ body }) => [body?.["seed"], body?.["random_seed"]]),
      [
        [1, undefined],
        [undefined, 1],
      ],
    );
  });

  it("is where the environment says, for those who may read it", async () => {
    const environment = { OPENAI_COMPATIBLE_BASE_URL: fake.origin, OPENAI_COMPATIBLE_API_KEY: "from-the-environment" };
    await engineWith({ environment }).llm("openai-compatible/m").generate("a");
    assert.equal(fake.requests[0]?.path, "/v1/chat/completions");
    assert.equal(fake.requests[0]?.headers["authorization"], "Bearer from-the-environment");
    const end = checkOrder(await eventsOf(engineWith().llm("openai-compatible/m")));
    assert.equal(end.error?.providerCode, "missing-base-url");
  });

  it("is a server of the user's own, which behaves as its preset and takes nothing from the preset's environment", async () => {
    const environment = { VLLM_API_KEY: "secret", VLLM_BASE_URL: "http://127.0.0.1:1" };
    const engine = engineWith({ environment, settings: settingsOf({ box: { preset: "vllm", baseUrl: fake.origin } }) });
    const result = await engine.llm("box/some/model").generate("a");
    assert.equal(result.model, "box/some/model");
    assert.equal(fake.requests[0]?.body?.["model"], "some/model");
    assert.equal(fake.requests[0]?.headers["authorization"], undefined);
    const info = engine.listProviders().find(({ id }) => id === "box");
    assert.deepEqual(info, {
      id: "box",
      name: "box",
      baseUrl: `${fake.origin}/v1`,
      key: "optional",
      hasKey: false,
      keyVariables: [],
      addressVariables: [],
      runsHere: true,
      own: true,
    });
  });

  it("is told by what is missing or wrong as an error of the answer", async () => {
    const engine = engineWith({ settings: settingsOf({ odd: { preset: "nobody" }, "openai-compatible": { baseUrl: "ftp://x" } }) });
    const table: readonly (readonly [string, string, RegExp])[] = [
      ["gpt-5", "invalid-model-ref", /"gpt-5" names no provider: write provider\/model/u],
      ["openai/", "invalid-model-ref", /names no model/u],
      ["/m", "invalid-model-ref", /begins with a slash/u],
      ["nobody/m", "unknown-provider", /There is no provider "nobody"\. The providers are openai, anthropic, ollama/u],
      ["odd/m", "unknown-provider", /cannot behave as "nobody"/u],
      ["editor/m", "unknown-provider", /no provider "editor"/u],
      ["openai/gpt-5", "missing-key", /OPENAI_API_KEY/u],
      ["openai-compatible/m", "invalid-base-url", /http:\/\/ or https:\/\//u],
    ];
    for (const [ref, code, message] of table) {
      const end = checkOrder(await eventsOf(engine.llm(ref)));
      assert.equal(end.status, "error");
      assert.equal(end.error?.providerCode, code, ref);
      assert.match(end.error?.message ?? "", message);
    }
    assert.equal(engine.llm("gpt-5").ref, "gpt-5");
  });

  it("gets the time limits of the settings, and those of the request before them", async () => {
    const gate = fake.gate("stay");
    fake.respond(() => ({ holdHeaders: "stay" }));
    const base = { baseUrl: fake.baseUrl("openai-chat"), timeLimits: { firstTokenMs: 60_000 } };
    const engine = engineWith({ settings: settingsOf({ "openai-compatible": base }) });
    const end = checkOrder(await eventsOf(engine.llm("openai-compatible/m"), "a", { timeLimits: { firstTokenMs: 50 } }));
    assert.equal(end.error?.kind, "timeout");
    engine.updateSettings(settingsOf({ "openai-compatible": { ...base, timeLimits: { firstTokenMs: 60 } } }));
    assert.equal(checkOrder(await eventsOf(engine.llm("openai-compatible/m"))).error?.kind, "timeout");
    gate.open();
  });
});

describe("a key", () => {
  it("goes to the origin that it was entered for, and to no other", async () => {
    const other = await FakeProvider.start();
    const keys = new KeyRing();
    keys.set("openai-compatible", fake.origin, "for-this-origin");
    const engine = engineWith({ keys, settings: compatible() });
    await engine.llm("openai-compatible/m").generate("a");
    engine.updateSettings(settingsOf({ "openai-compatible": { baseUrl: other.baseUrl("openai-chat") } }));
    await engine.llm("openai-compatible/m").generate("b");
    await other.close();
    assert.equal(fake.requests[0]?.headers["authorization"], "Bearer for-this-origin");
    assert.deepEqual([other.requests.length, other.requests[0]?.headers["authorization"]], [1, undefined]);
  });

  it("that is set or forgotten counts from the next request on", async () => {
    const keys = new KeyRing();
    const engine = engineWith({ keys, settings: compatible() });
    const llm = engine.llm("openai-compatible/m");
    for (const key of ["first", "second", null]) {
      keys.set("openai-compatible", fake.origin, key);
      await llm.generate("a");
    }
    assert.deepEqual(
      fake.requests.map(({ headers }) => headers["authorization"]),
      ["Bearer first", "Bearer second", undefined],
    );
  });

  it("belongs to one provider, also where two share an origin", () => {
    const keys = new KeyRing();
    keys.set("openai", "https://example.test/v1", "k");
    assert.equal(keys.get("openai", "https://example.test/other"), "k");
    assert.equal(keys.get("groq", "https://example.test/v1"), undefined);
    assert.equal(keys.get("openai", "http://example.test/v1"), undefined);
    assert.equal(keys.get("openai", "https://example.test:8443/v1"), undefined);
  });

  it("that no header can carry is refused without being said", () => {
    const keys = new KeyRing();
    for (const key of ["with\nbreak", "with blank", "ключ", "  "]) {
      assert.throws(
        () => keys.set("openai", "https://api.openai.com", key),
        (error) => error instanceof Error && /key/u.test(error.message) && !error.message.includes(key.trim() || "with"),
      );
    }
    keys.set("openai", "https://api.openai.com", " copied-with-blanks \n");
    assert.equal(keys.get("openai", "https://api.openai.com/v1"), "copied-with-blanks");
    assert.throws(() => keys.set("openai", "not an address", "k"), /no web address/u);
  });

  it("shows in the list of providers as held, never as itself", () => {
    const engine = engineWith({ environment: { OPENAI_API_KEY: "canary-key" } });
    const openai = engine.listProviders().find(({ id }) => id === "openai");
    assert.equal(openai?.hasKey, true);
    assert.equal(engine.listProviders().find(({ id }) => id === "anthropic")?.hasKey, false);
    assert.ok(!JSON.stringify(engine.listProviders()).includes("canary-key"));
  });
});

describe("cancelling over real sockets", () => {
  const engineOf = (concurrency: number): Engine =>
    engineWith({ settings: settingsOf({ "openai-compatible": { baseUrl: fake.baseUrl("openai-chat"), concurrency } }) });

  it("begins with as many as a program says, also with more than the default allows", async () => {
    fake.respond({ holdHeaders: "never" });
    const baseUrl = fake.baseUrl("openai-chat");
    const llm = engineWith({}).llmAt("openai-compatible", "m", { baseUrl, startConcurrency: 80 });
    const abort = new AbortController();
    const run = gather(
      Array.from({ length: 100 }, () => () => llm.generate("a")),
      { signal: abort.signal, concurrency: 100 },
    );
    await fake.waitFor(({ waitingAt }) => waitingAt.length === 80, "eighty answers under way");
    abort.abort();
    await run;
    assert.equal(fake.requests.length, 80);
  });

  it("closes the sockets of many answers at once, in the middle and before the headers", async () => {
    fake.respond(({ index }) => (index % 2 === 0 ? { steps: [{ text: "so far" }, { gate: "never" }] } : { holdHeaders: "never" }));
    const llm = engineOf(100).llmAt("openai-compatible", "m", { startConcurrency: 100 });
    const abort = new AbortController();
    const answers = Array.from({ length: 100 }, () => llm.generate("a", { signal: abort.signal }));
    await fake.waitFor(({ waitingAt }) => waitingAt.length === 100, "a hundred answers under way");
    abort.abort();
    const results = await Promise.all(answers);
    assert.ok(results.every(({ status }) => status === "cancelled"));
    await fake.waitFor(({ openSockets }) => openSockets === 0, "every socket to be closed");
    assert.equal(fake.state().clientClosed, 100);
  });

  it("keeps what a reader has seen: the text before the abort, and nothing after it", async () => {
    fake.enqueue({ steps: [{ text: "one" }, { gate: "two" }, { text: "two" }, { finish: "stop" }] });
    const abort = new AbortController();
    let content = "";
    for await (const chunk of engineOf(1).llm("openai-compatible/m").stream("a", { signal: abort.signal })) {
      content += chunk.content;
      if (chunk.content === "one") {
        abort.abort();
        fake.gate("two").open();
      }
    }
    assert.equal(content, "one");
  });

  it("closes the socket when the reader breaks off", async () => {
    fake.enqueue({ steps: [{ text: "one" }, { gate: "never" }] });
    for await (const { content } of engineOf(1).llm("openai-compatible/m").stream("a")) if (content === "one") break;
    await fake.waitFor(({ clientClosed, openSockets }) => clientClosed === 1 && openSockets === 0, "the socket to be closed");
  });

  it("asks again after a refusal that passes, in one answer, and reports one that does not", async () => {
    fake.enqueue({ status: 503, body: { error: { message: "overloaded" } }, headers: { "retry-after-ms": "1" } }, { text: "at last" });
    const result = await engineOf(1).llm("openai-compatible/m").generate("a");
    assert.equal(result.content, "at last");
    assert.equal(fake.requests.length, 2);
    fake.enqueue({ status: 429, body: { error: { message: "come back later" } }, headers: { "retry-after": "7200" } });
    const end = checkOrder(await eventsOf(engineOf(1).llm("openai-compatible/m")));
    assert.deepEqual([end.error?.kind, end.error?.retryAfterMs, fake.requests.length], ["rate-limit", 7_200_000, 3]);
  });
});

describe("the limit of an endpoint", () => {
  it("holds for every way of asking at once, and follows the settings", async () => {
    fake.respond(() => ({ steps: [{ text: "a" }, { gate: "go" }, { finish: "stop" }] }));
    const settings = (concurrency: number): EngineSettings =>
      settingsOf({ "openai-compatible": { baseUrl: fake.baseUrl("openai-chat"), concurrency } });
    const engine = engineWith({ settings: settings(3) });
    const ask = (): Promise<unknown> => engine.llm("openai-compatible/m").generate("a");
    const work = [Promise.all([ask(), ask(), ask(), ask()]), gather([ask, ask, ask, ask])];
    await fake.waitFor(({ openAnswers }) => openAnswers === 3, "three answers under way");
    engine.updateSettings(settings(4));
    const more = ask();
    await fake.waitFor(({ openAnswers }) => openAnswers === 4, "four answers after the setting has changed");
    fake.gate("go").open();
    await Promise.all([...work, more]);
    assert.equal(fake.state().peakAnswers, 4);
    assert.equal(fake.requests.length, 9);
  });

  it("stays as it is when the models of another provider at the same address are listed, which is given fewer at once", async () => {
    fake.tell("/props", { total_slots: 6 });
    fake.respond(() => ({ steps: [{ text: "a" }, { gate: "go" }, { finish: "stop" }] }));
    const baseUrl = fake.baseUrl("openai-chat");
    const engine = engineWith({ settings: settingsOf({ wide: { preset: "llama-server", baseUrl }, narrow: { preset: "mlx", baseUrl } }) });
    const run = gather(Array.from({ length: 18 }, () => () => engine.llm("wide/m").generate("a")));
    await fake.waitFor(({ openAnswers }) => openAnswers === 6, "an answer for each slot");
    const { models } = await engine.listModels({ provider: "narrow" }, new AbortController().signal);
    assert.ok(models.length > 0);
    for (let item = 0; item < 6; item++) fake.gate("go").release();
    const asked = (): number => fake.requests.filter(({ path }) => path.endsWith("/chat/completions")).length;
    await fake.waitFor(({ openAnswers }) => openAnswers === 6 && asked() === 12, "the next six");
    fake.gate("go").open();
    await run;
  });

  it("is one for each origin, so that a slow server holds up no other", async () => {
    const other = await FakeProvider.start();
    fake.respond(() => ({ steps: [{ gate: "slow" }, { finish: "stop" }] }));
    const settings = settingsOf({ slow: { baseUrl: fake.baseUrl("openai-chat") }, quick: { baseUrl: other.baseUrl("openai-chat") } });
    const engine = engineWith({ settings: { ...settings, concurrency: 1 } });
    const slow = [engine.llm("slow/m").generate("a"), engine.llm("slow/m").generate("b")];
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("slow"), "the slow answer to wait");
    assert.equal((await engine.llm("quick/m").generate("c")).content, "You said: c");
    fake.gate("slow").open();
    await Promise.all(slow);
    await other.close();
  });

  it("is one for each key at an origin, whatever the provider is called and whichever interface is spoken", async () => {
    fake.respond(() => ({ steps: [{ text: "a" }, { gate: "go" }, { finish: "stop" }] }));
    const keys = new KeyRing();
    for (const id of ["one", "two"]) keys.set(id, fake.origin, "the-same");
    keys.set("three", fake.origin, "another");
    const server = { baseUrl: fake.baseUrl("openai-chat"), concurrency: 1 };
    const engine = engineWith({ keys, settings: settingsOf({ one: server, two: { ...server, api: "responses" }, three: server }) });
    const answers = ["one", "two", "three"].map((id) => engine.llm(`${id}/m`).generate("a"));
    await fake.waitFor(({ openAnswers }) => openAnswers === 2, "one answer for each key");
    fake.gate("go").open();
    await Promise.all(answers);
    assert.equal(fake.state().peakAnswers, 2);
    // They came over two connections, of which either may be the faster one.
    assert.deepEqual(
      new Set(fake.requests.slice(0, 2).map(({ headers }) => headers["authorization"])),
      new Set(["Bearer the-same", "Bearer another"]),
    );
  });
});
