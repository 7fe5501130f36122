// Certificates made while a test runs: an authority that nobody knows, and servers' certificates of it.

import { generate } from "selfsigned";

export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

export interface TestAuthority {
  /** The authority's own certificate as PEM: what a client must be given to trust it. */
  readonly pem: string;
  /** For a server under these names or IPv4 addresses. `expired`: valid until yesterday. */
  issue(hosts: readonly string[], options?: { readonly expired?: boolean }): Promise<ServerCertificate>;
}

const DAY_MS = 86_400_000;

export async function createAuthority(name = "Test Authority"): Promise<TestAuthority> {
  const authority = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return {
    pem: authority.cert,
    issue: async (hosts, { expired = false } = {}) => {
      const now = Date.now();
      const { private: key, cert } = await generate([{ name: "commonName", value: hosts[0] ?? name }], {
        keyType: "ec",
        algorithm: "sha256",
        notBeforeDate: new Date(now - 10 * DAY_MS),
        notAfterDate: new Date(now + (expired ? -DAY_MS : DAY_MS)),
        ca: { key: authority.private, cert: authority.cert },
        extensions: [
          { name: "basicConstraints", cA: false },
          { name: "extKeyUsage", serverAuth: true },
          {
            name: "subjectAltName",
            altNames: hosts.map((host) => (/^[\d.]+$/u.test(host) ? { type: 7, ip: host } : { type: 2, value: host })),
          },
        ],
      });
      // The server sends the authority along, as real ones send their intermediate certificates.
      return { key, cert: `${cert}\n${authority.cert}` };
    },
  };
}
