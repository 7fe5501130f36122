import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { Endpoints } from "../../sidecar/endpoints.ts";
import { defaultSettings } from "../../sidecar/engine.ts";
import { KeyRing } from "../../sidecar/keys.ts";
import type { EngineSettings } from "../../sidecar/settings.ts";
import { firstChoice } from "../../sidecar/model-choice.ts";
import type { CatalogueLimits } from "../../sidecar/model-lists.ts";
import { ModelCatalogue } from "../../sidecar/models.ts";
import type { ProviderSettings } from "../../sidecar/settings.ts";
import type { JsonValue, ModelInfo } from "../../sidecar/types.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { ScriptedProvider } from "./scripted-provider.ts";

const signal = new AbortController().signal;
const nobody = "http://127.0.0.1:9/v1";
/** Servers that may run on the machine of whoever runs the tests must not be met. */
const nothingHere: { readonly [id: string]: ProviderSettings } = Object.fromEntries(
  ["ollama", "lmstudio", "vllm", "llama-server", "mlx"].map((id) => [id, { baseUrl: nobody }]),
);
const limits: CatalogueLimits = { listMs: 60_000, probeMs: 60_000, describeMs: 60_000, keepRemoteMs: 60_000, keepHereMs: 60_000 };

class LocalModels extends ScriptedProvider {
  models: readonly ModelInfo[] = [{ ref: "local/demo", provider: "local", model: "demo", name: "Demo", demo: true }];

  override listModels(): Promise<readonly ModelInfo[]> {
    return Promise.resolve(this.models);
  }
}

let fake: FakeProvider;
const closing: Endpoints[] = [];
before(async () => {
  fake = await FakeProvider.start({ models: ["m-one", "m-two"] });
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((endpoints) => endpoints.close()));
  fake.reset();
  fake.models = ["m-one", "m-two"];
});
after(() => fake.close());

interface Options {
  readonly providers?: { readonly [id: string]: ProviderSettings };
  readonly localModels?: readonly string[];
  readonly keys?: KeyRing;
  readonly local?: LocalModels;
  readonly limits?: Partial<CatalogueLimits>;
}

function catalogue(options: Options = {}): ModelCatalogue {
  const { providers = {}, localModels = [], keys = new KeyRing(), local = new LocalModels() } = options;
  const settings = { ...defaultSettings, providers: { ...nothingHere, ...providers }, localModels };
  const endpoints = new Endpoints({ settings, keys, local });
  closing.push(endpoints);
  return new ModelCatalogue(endpoints, { ...limits, ...options.limits });
}

const here = (path = ""): ProviderSettings => ({ baseUrl: `${fake.origin}${path}/v1` });
const loading = {
  route: "models",
  status: 503,
  body: { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
} as const;
const refs = (models: readonly ModelInfo[]): string[] => models.map(({ ref }) => ref);

describe("the list of models", () => {
  it("has those of every provider that answers, and beside them which one failed and why", async () => {
    const locked = await FakeProvider.start({ key: "another" });
    const providers = { broken: { baseUrl: locked.baseUrl("openai-chat") }, vllm: here() };
    const { models, failures } = await catalogue({ providers }).listModels({}, signal);
    await locked.close();
    assert.deepEqual(refs(models).toSorted(), ["local/demo", "vllm/m-one", "vllm/m-two"]);
    const broken = failures.find(({ provider }) => provider === "broken");
    assert.equal(broken?.error.status, 401);
    assert.match(broken.error.message, /Incorrect API key/u);
    assert.deepEqual(failures.map(({ provider }) => provider).toSorted(), ["broken", "llama-server", "lmstudio", "mlx", "ollama"]);
  });

  it("does not count a default address at which nothing runs as a failure, unless it is asked for by name", async () => {
    const endpoints = new Endpoints({ settings: defaultSettings, keys: new KeyRing(), local: new LocalModels() });
    closing.push(endpoints);
    const { failures } = await new ModelCatalogue(endpoints, limits).listModels({}, signal);
    assert.deepEqual(failures, []);
    const named = await catalogue().listModels({ provider: "lmstudio" }, signal);
    assert.equal(named.failures[0]?.error.kind, "network");
    assert.equal(named.failures[0]?.error.provider, "lmstudio");
  });

  it("leaves out providers that were never set up, and says what is missing when they are named", async () => {
    const { models, failures } = await catalogue({ providers: { vllm: here() } }).listModels({}, signal);
    assert.ok(!refs(models).some((ref) => ref.startsWith("openai")));
    assert.ok(!failures.some(({ provider }) => ["openai", "openai-compatible", "anthropic"].includes(provider)));
    const named = await catalogue().listModels({ provider: "openai" }, signal);
    assert.equal(named.failures[0]?.error.providerCode, "missing-key");
    const unknown = await catalogue().listModels({ provider: "nobody" }, signal);
    assert.equal(unknown.failures[0]?.error.providerCode, "unknown-provider");
  });

  it("asks an address that is to be tried, without any key of another address", async () => {
    const keys = new KeyRing();
    keys.set("openai-compatible", "http://127.0.0.1:1", "not-for-this-one");
    const { models } = await catalogue({ keys }).listModels({ provider: "openai-compatible", baseUrl: fake.origin }, signal);
    assert.deepEqual(refs(models), ["openai-compatible/m-one", "openai-compatible/m-two"]);
    assert.equal(fake.requests[0]?.headers["authorization"], undefined);
  });

  it("offers the GGUF files of the settings beside the demo", async () => {
    const { models } = await catalogue({ localModels: ["/models/one.gguf"] }).listModels({ provider: "local" }, signal);
    assert.deepEqual(refs(models), ["local/demo", "local//models/one.gguf"]);
    assert.deepEqual([models[1]?.model, models[1]?.name], ["/models/one.gguf", "one.gguf"]);
  });

  it("is kept for a while, asked for again past the cache, and not kept when it failed", async () => {
    const models = catalogue({ providers: { box: here() } });
    fake.enqueue({ route: "models", status: 401, body: {} });
    assert.equal((await models.listModels({ provider: "box" }, signal)).failures.length, 1);
    await models.listModels({ provider: "box" }, signal);
    await models.listModels({ provider: "box" }, signal);
    assert.equal(fake.requests.length, 2);
    fake.models = ["m-new"];
    assert.deepEqual(refs((await models.listModels({ provider: "box", refresh: true }, signal)).models), ["box/m-new"]);
    assert.deepEqual(refs((await models.listModels({ provider: "box" }, signal)).models), ["box/m-new"]);
  });

  it("is asked for again where what it failed with may pass, once for all who wait for it", async () => {
    fake.enqueue({ route: "models", status: 500, body: {} }, { route: "models", status: 429, headers: { "retry-after": "1" }, body: {} });
    const models = catalogue({ providers: { box: here() } });
    const lists = await Promise.all([1, 2, 3].map(async () => models.listModels({ provider: "box" }, signal)));
    for (const list of lists) assert.deepEqual([refs(list.models), list.failures], [["box/m-one", "box/m-two"], []]);
    assert.equal(fake.requests.length, 3);
  });

  it("tells what it failed with where the time is over before that has passed", async () => {
    fake.enqueue({ route: "models", status: 500, body: {} }, { route: "models", holdHeaders: "never" });
    const models = catalogue({ providers: { box: here() }, limits: { listMs: 3000 } });
    const cut = await models.listModels({ provider: "box" }, signal);
    assert.equal(cut.failures[0]?.error.status, 500);
    fake.enqueue({ route: "models", status: 429, headers: { "retry-after": "30" }, body: {} });
    const refused = await models.listModels({ provider: "box" }, signal);
    assert.equal(refused.failures[0]?.error.kind, "rate-limit");
    assert.equal(fake.requests.length, 3);
  });

  it("quirk 15: is waited for while its server loads its model, where that one is meant, and holds up no other", async () => {
    fake.enqueue(loading, loading);
    const models = catalogue({ providers: { box: here() } });
    const { failures } = await models.listModels({}, signal);
    assert.equal(failures.find(({ provider }) => provider === "box")?.error.providerCode, "loading-model");
    assert.equal(fake.requests.length, 1);
    assert.deepEqual(refs((await models.listModels({ provider: "box" }, signal)).models), ["box/m-one", "box/m-two"]);
    assert.equal(fake.requests.length, 3);
  });

  it("tells what a server at a default address says is wrong with it, and nothing of whatever else runs there", async () => {
    class AtDefaultAddress extends Endpoints {
      override isDefaultAddress(): boolean {
        return true;
      }
    }
    const settings: EngineSettings = { ...defaultSettings, providers: { ...nothingHere, ollama: { baseUrl: fake.origin } } };
    const endpoints = new AtDefaultAddress({ settings, keys: new KeyRing(), local: new LocalModels() });
    closing.push(endpoints);
    const models = new ModelCatalogue(endpoints, limits);
    const said = async (status: number, body: JsonValue): Promise<readonly (number | undefined)[]> => {
      for (let times = 0; times < 3; times += 1) fake.enqueue({ route: "models", status, body });
      const { failures } = await models.listModels({ refresh: true }, signal);
      fake.reset();
      return failures.map(({ error }) => error.status);
    };
    assert.deepEqual(await said(500, { error: "disk full: cannot read manifests" }), [500]);
    assert.deepEqual(await said(503, loading.body), [503]);
    assert.deepEqual(await said(401, { detail: "Who are you?" }), [401]);
    assert.deepEqual(await said(502, "<!doctype html><title>Bad gateway</title>"), []);
    assert.deepEqual(await said(404, { detail: "Not Found" }), []);
    assert.deepEqual(await said(403, { error: "Forbidden" }), []);
    assert.deepEqual(await said(200, "<!doctype html><title>My shop</title>"), []);
  });

  it("is kept as long as fits the address that was asked, which may be of this machine where the provider's own is not", async () => {
    const models = catalogue({ limits: { keepHereMs: 0 } });
    for (const _time of [1, 2]) await models.listModels({ provider: "groq", baseUrl: `${fake.origin}/v1` }, signal, "key");
    assert.equal(fake.requests.length, 2);
  });

  it("is asked for once by all who want it at the same time, and one who leaves does not call it off", async () => {
    fake.enqueue({ route: "models", holdHeaders: "hold", body: { data: [{ id: "m-one" }] } });
    const models = catalogue({ providers: { box: here() } });
    const abort = new AbortController();
    const leaving = models.listModels({ provider: "box" }, abort.signal);
    const staying = Array.from({ length: 20 }, async () => models.listModels({ provider: "box" }, signal));
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("hold"), "the request to arrive");
    abort.abort(new Error("enough"));
    await assert.rejects(leaving, { message: "enough" });
    fake.gate("hold").open();
    for (const list of await Promise.all(staying)) assert.deepEqual(refs(list.models), ["box/m-one"]);
    assert.equal(fake.requests.length, 1);
  });

  it("that was asked for past an older one stays, also where the older one comes later", async () => {
    fake.enqueue({ route: "models", holdHeaders: "hold", body: { data: [{ id: "m-old" }] } });
    fake.enqueue({ route: "models", body: { data: [{ id: "m-new" }] } });
    const models = catalogue({ providers: { box: here() } });
    const older = models.listModels({ provider: "box" }, signal);
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("hold"), "the request to arrive");
    await models.listModels({ provider: "box", refresh: true }, signal);
    fake.gate("hold").open();
    assert.deepEqual(refs((await older).models), ["box/m-old"], "what was asked for");
    assert.deepEqual(refs((await models.listModels({ provider: "box" }, signal)).models), ["box/m-new"]);
  });

  it("is not asked for where nobody wants it any more", async () => {
    const models = catalogue({ providers: { box: here() } });
    await assert.rejects(models.listModels({ provider: "box" }, AbortSignal.abort(new Error("enough"))), { message: "enough" });
    fake.enqueue({ route: "models", body: { data: [{ id: "m-one" }] } });
    await models.listModels({ provider: "box", refresh: true }, signal);
    assert.equal(fake.requests.length, 1);
  });

  it("does not wait for a server that never answers", async () => {
    fake.enqueue({ route: "models", holdHeaders: "never" });
    const { models, failures } = await catalogue({ providers: { silent: here() }, limits: { listMs: 200 } }).listModels({}, signal);
    assert.ok(refs(models).includes("local/demo"));
    assert.equal(failures.find(({ provider }) => provider === "silent")?.error.kind, "timeout");
    await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the socket to be closed");
  });

  it("is waited for no longer than to begin where others wait for theirs, and is there when it has come", async () => {
    fake.enqueue({ route: "models", holdHeaders: "slow", body: { data: [{ id: "m-slow" }] } });
    const models = catalogue({ providers: { slow: here() }, limits: { probeMs: 100 } });
    const first = await models.listModels({}, signal);
    assert.ok(refs(first.models).includes("local/demo"));
    assert.equal(first.failures.find(({ provider }) => provider === "slow")?.error.providerCode, "list-timeout");
    const named = models.listModels({ provider: "slow" }, signal);
    fake.gate("slow").open();
    assert.deepEqual(refs((await named).models), ["slow/m-slow"]);
    assert.ok(refs((await models.listModels({}, signal)).models).includes("slow/m-slow"));
    assert.equal(fake.requests.length, 1, "it was asked for once");
  });

  it("is given up when its signal is aborted, and closes the sockets", async () => {
    fake.enqueue({ route: "models", holdHeaders: "never" });
    const abort = new AbortController();
    const asked = catalogue({ providers: { silent: here() } }).listModels({ provider: "silent" }, abort.signal);
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("never"), "the request to arrive");
    abort.abort(new Error("enough"));
    await assert.rejects(asked, { message: "enough" });
    await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the socket to be closed");
  });
});

describe("the model to begin with", () => {
  const chosenBy = async (models: ModelCatalogue): Promise<readonly (string | null)[]> => {
    const { ref, reason } = await models.defaultModel(null, signal);
    return [ref, reason];
  };
  const keyed = (): { readonly keys: KeyRing; readonly providers: { readonly [id: string]: ProviderSettings } } => {
    const keys = new KeyRing();
    // This machine by an address that is not its loopback, so that the server counts as one elsewhere.
    keys.set("groq", remoteOrigin(), "k");
    return { keys, providers: { groq: { baseUrl: `${remoteOrigin()}/groq` } } };
  };
  const remoteOrigin = (): string => fake.origin.replace("127.0.0.1", "0.0.0.0");

  it("is the last used one while it can still be called", async () => {
    const models = catalogue({ providers: { box: here() } });
    assert.deepEqual(await models.defaultModel("box/m-two", signal), { ref: "box/m-two", reason: "last-used" });
  });

  it("is not the last used one when its server is gone, its key is gone or its file is gone", async () => {
    const models = catalogue({ providers: { box: { baseUrl: nobody } } });
    for (const ref of ["box/m", "openai/gpt-5", "local//no/such/file.gguf", "nobody/m", "nonsense"]) {
      const { ref: chosen, reason } = await models.defaultModel(ref, signal);
      assert.deepEqual([chosen, reason], ["local/demo", "demo"], ref);
    }
  });

  it("is the last used file as long as it is there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "parley-models-"));
    const path = join(folder, "mine.gguf");
    await writeFile(path, "GGUF");
    const chosen = await catalogue().defaultModel(`local/${path}`, signal);
    await rm(folder, { recursive: true });
    assert.deepEqual(chosen, { ref: `local/${path}`, reason: "last-used" });
  });

  it("is one of a server running here before one of a provider with a key", async () => {
    const { keys, providers } = keyed();
    const both = catalogue({ keys, providers: { ...providers, vllm: here() } });
    assert.deepEqual(await chosenBy(both), ["vllm/m-one", "local-server"]);
    const keyAlone = catalogue({ keys, providers });
    assert.deepEqual(await chosenBy(keyAlone), ["groq/m-one", "key"]);
  });

  it("is the demo when there is nothing else, and none where even that cannot run", async () => {
    assert.deepEqual(await chosenBy(catalogue()), ["local/demo", "demo"]);
    const local = new LocalModels();
    local.models = [];
    assert.deepEqual(await chosenBy(catalogue({ local })), [null, "none"]);
  });

  it("comes with those that would have come before it, and failed", async () => {
    const locked = await FakeProvider.start({ key: "another" });
    const { keys, providers } = keyed();
    const elsewhere = { openrouter: { baseUrl: locked.baseUrl("openai-chat").replace("127.0.0.1", "0.0.0.0") } };
    keys.set("openrouter", new URL(elsewhere.openrouter.baseUrl).origin, "k");
    const { ref, failures = [] } = await catalogue({ keys, providers: { ...providers, ...elsewhere } }).defaultModel(null, signal);
    await locked.close();
    assert.equal(ref, "groq/m-one");
    assert.deepEqual(failures.map(({ provider }) => provider).toSorted(), [...Object.keys(nothingHere), "openrouter"].toSorted());
  });

  it("is one of a server that was loading its model a moment ago, and the last used one at once", async () => {
    fake.enqueue(loading);
    const models = catalogue({ providers: { box: here() } });
    assert.deepEqual(await models.defaultModel("box/m-one", signal), { ref: "box/m-one", reason: "last-used" });
    fake.enqueue(loading);
    assert.deepEqual(await chosenBy(models), ["box/m-one", "local-server"]);
    assert.equal(fake.requests.length, 3);
  });
});

describe("the choice among a provider's models", () => {
  const of = (provider: string, ...ids: readonly string[]): string | undefined =>
    firstChoice(
      provider,
      ids.map((model) => ({ ref: `${provider}/${model}`, provider, model, name: model })),
    )?.model;

  it("is a small one of the current generation where that is known, else the first that can chat", () => {
    assert.equal(of("openai", "gpt-4o", "gpt-5-pro", "gpt-5-mini", "gpt-5"), "gpt-5-mini");
    assert.equal(of("anthropic", "claude-opus-4-5", "claude-haiku-4-5-20251001"), "claude-haiku-4-5-20251001");
    assert.equal(of("ollama", "nomic-embed-text:latest", "qwen3:4b"), "qwen3:4b");
    assert.equal(of("lmstudio", "text-embedding-bge-m3"), undefined);
    assert.equal(of("box"), undefined);
    assert.equal(of("constructor", "m"), "m");
  });
});
