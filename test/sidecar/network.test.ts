// The network through the whole engine, as the doors make it: what they say about proxies arrives where connections are made.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { defaultSettings, type Engine } from "../../sidecar/engine.ts";
import { createStandaloneEngine } from "../../sidecar/standalone-engine.ts";
import { ConnectProxy } from "../support/connect-proxy.ts";
import { startFake } from "../support/fake-at-hand.ts";
import { until } from "../support/until.ts";
import { engineMaker } from "./engines.ts";

const fake = await startFake();
const engineWith = engineMaker();
const settings = { ...defaultSettings, providers: { far: { baseUrl: "http://provider.test/v1" } } };
let first: ConnectProxy;
let second: ConnectProxy;

before(async () => {
  const places = { "provider.test:80": Number(new URL(fake.origin).port) };
  [first, second] = await Promise.all([ConnectProxy.start({ places }), ConnectProxy.start({ places })]);
});
after(async () => {
  await Promise.all([first.close(), second.close()]);
});
afterEach(() => {
  for (const proxy of [first, second]) proxy.asked.length = 0;
});

const ask = async (engine: Engine): Promise<string> => (await engine.llm("far/m").generate("hello")).content;

describe("the network", () => {
  it("is that of the settings, and of the changed ones from the next request on", async () => {
    const engine = engineWith({ settings: { ...settings, network: { proxy: first.url() } } });
    await ask(engine);
    engine.updateSettings({ ...settings, network: { proxy: second.url() } });
    await ask(engine);
    assert.deepEqual([first.asked.length, second.asked.length], [1, 1]);
    await until(() => first.openSockets === 0, "the first proxy to be left");
    engine.updateSettings({ ...settings, network: { proxy: first.url() } });
    await ask(engine);
    assert.deepEqual([first.asked.length, second.asked.length], [2, 1]);
  });

  it("is that of the environment in the sidecar, which finds neither keys nor addresses there", async () => {
    const networkEnvironment = { HTTP_PROXY: first.url(), OPENAI_COMPATIBLE_BASE_URL: "http://provider.test" };
    const engine = engineWith({ settings, networkEnvironment });
    await ask(engine);
    assert.equal(first.asked.length, 1);
    await assert.rejects(engine.llm("openai-compatible/m").generate("hello"), { providerCode: "missing-base-url" });
  });

  it("is that of the environment for the command line and the library", async () => {
    const standalone = createStandaloneEngine({ HTTP_PROXY: second.url("name", "p@ss"), VLLM_BASE_URL: "http://provider.test" });
    try {
      await standalone.engine.llm("vllm/m").generate("hello");
      assert.equal(second.asked[0]?.headers["proxy-authorization"], `Basic ${Buffer.from("name:p@ss").toString("base64")}`);
    } finally {
      await standalone.close();
    }
  });

  it("is told of where somebody listens: that certificates are not verified", () => {
    const told: string[] = [];
    engineWith({ settings: { ...settings, network: { strictSsl: false } }, warn: (message) => told.push(message) });
    assert.equal(told.length, 1);
    assert.match(told[0] ?? "", /not verified/u);
  });
});
