// A fake provider for all tests of a file, the HTTP client that calls it, and providers that take the fake for their server.

import { after, afterEach } from "node:test";
import { HttpClient } from "../../sidecar/http/http-client.ts";
import type { Provider } from "../../sidecar/providers/provider.ts";
import { providerRow } from "../../sidecar/providers/registry.ts";
import { FakeProvider } from "./fake-provider.ts";
import type { FakeWire } from "./fake-provider-script.ts";
import { createProvider } from "./provider-calls.ts";
import { PROVIDER_OF_WIRE } from "./wire-reading.ts";

export interface FakeAtHand {
  readonly fake: FakeProvider;
  readonly http: HttpClient;
}

/** Call it at the top of a test file: the fake is reset after each test of the file and closed after the last. */
export async function startFake(): Promise<FakeProvider> {
  const fake = await FakeProvider.start();
  afterEach(() => fake.reset());
  after(() => fake.close());
  return fake;
}

/** The same, with a client that is closed when the fake is. */
export async function fakeAtHand(): Promise<FakeAtHand> {
  const http = new HttpClient();
  after(() => http.close());
  return { fake: await startFake(), http };
}

/** The provider of this id. OpenAI's is asked through chat completions here, as at every address but its own. */
export function providerAt({ fake, http }: FakeAtHand, id: string, key: string | undefined = "k"): Provider {
  const wire = providerRow(id)?.wire;
  return createProvider(id, { baseUrl: fake.baseUrl(wire === "anthropic" || wire === "ollama" ? wire : "openai-chat"), key }, http);
}

/** A provider that speaks this wire. */
export function providerOnWire({ fake, http }: FakeAtHand, wire: FakeWire): Provider {
  const api = wire === "openai-responses" ? { api: "responses" as const } : {};
  return createProvider(PROVIDER_OF_WIRE[wire], { baseUrl: fake.baseUrl(wire), key: "sk-test", ...api }, http);
}
