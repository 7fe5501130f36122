// A provider at `https://provider.test`, which only a proxy can find: the fake provider behind TLS, with a certificate of an
// authority that nobody knows.

import { createAuthority, type TestAuthority } from "./certificates.ts";
import { ConnectProxy } from "./connect-proxy.ts";
import { FakeProvider } from "./fake-provider.ts";
import { TlsFront } from "./tls-front.ts";

export interface TlsProvider {
  readonly fake: FakeProvider;
  readonly front: TlsFront;
  readonly authority: TestAuthority;
  /** Knows `provider.test:443`, and the same provider over plain HTTP as `plain.test:80`. */
  readonly proxy: ConnectProxy;
  close(): Promise<void>;
}

export async function startTlsProvider(): Promise<TlsProvider> {
  const [fake, authority] = await Promise.all([FakeProvider.start(), createAuthority()]);
  const plainPort = Number(new URL(fake.origin).port);
  const front = await TlsFront.start(plainPort, await authority.issue(["provider.test", "127.0.0.1"]));
  const proxy = await ConnectProxy.start({ places: { "provider.test:443": front.port, "plain.test:80": plainPort } });
  return {
    fake,
    front,
    authority,
    proxy,
    close: async () => {
      await proxy.close();
      await front.close();
      await fake.close();
    },
  };
}
