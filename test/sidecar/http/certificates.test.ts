import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import * as tls from "node:tls";
import { HttpClient, type HttpClientOptions } from "../../../sidecar/http/http-client.ts";
import { trustedCertificates } from "../../../sidecar/http/trusted-certificates.ts";
import type { NetworkSettings } from "../../../sidecar/settings.ts";
import { createAuthority, type TestAuthority } from "../../support/certificates.ts";
import { FakeProvider } from "../../support/fake-provider.ts";
import { TlsFront } from "../../support/tls-front.ts";

let fake: FakeProvider;
let one: TestAuthority;
let other: TestAuthority;
/** Certified by the one authority and by the other. */
let byOne: TlsFront;
let byOther: TlsFront;
let folder: string;
const clients = new Set<HttpClient>();
const told: string[] = [];

before(async () => {
  fake = await FakeProvider.start();
  [one, other] = await Promise.all([createAuthority("One"), createAuthority("Other")]);
  [byOne, byOther] = await Promise.all([front(one), front(other)]);
  folder = await mkdtemp(join(tmpdir(), "parley-certificates-"));
});
after(async () => {
  await Promise.all([byOne.close(), byOther.close()]);
  await fake.close();
  await rm(folder, { recursive: true });
});
afterEach(async () => {
  for (const client of clients) await client.close();
  clients.clear();
  told.length = 0;
  fake.reset();
});

async function front(authority: TestAuthority, hosts = ["127.0.0.1"], expired = false): Promise<TlsFront> {
  return TlsFront.start(Number(new URL(fake.origin).port), await authority.issue(hosts, { expired }));
}

function createClient(network: NetworkSettings, environment: NodeJS.ProcessEnv = {}): HttpClient {
  const options: HttpClientOptions = { network, environment, warn: (message) => told.push(message) };
  const client = new HttpClient(options);
  clients.add(client);
  return client;
}

/** The status, or the code of the refusal. */
async function ask(client: HttpClient, place: TlsFront): Promise<string> {
  const url = new URL(`https://127.0.0.1:${place.port}/v1/models`);
  const exchange = client.send({ method: "GET", url, headers: { authorization: "Bearer sk-test" } }, () => {});
  try {
    return String((await exchange.head).status);
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  } finally {
    exchange.abandon();
  }
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe("A certificate", () => {
  test("of an authority that nobody knows is refused, and nothing is sent", async () => {
    assert.equal(await ask(createClient({}), byOne), "SELF_SIGNED_CERT_IN_CHAIN");
    assert.equal(fake.requests.length, 0);
  });

  test("of an authority given as text or as a file is accepted, and another is not", async () => {
    const path = await file("one.pem", `Comments are usual here.\n${one.pem}`);
    for (const extra of [one.pem, path]) {
      const client = createClient({ extraCaCertificates: [extra] });
      assert.equal(await ask(client, byOne), "200");
      assert.equal(await ask(client, byOther), "SELF_SIGNED_CERT_IN_CHAIN");
    }
    assert.deepEqual(told, []);
  });

  test("is accepted by the files that the environment names, beside those of the settings", async () => {
    const path = await file("other.pem", other.pem);
    for (const name of ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"]) {
      const client = createClient({ extraCaCertificates: [one.pem] }, { [name]: path });
      assert.deepEqual([await ask(client, byOne), await ask(client, byOther)], ["200", "200"], name);
    }
  });

  test("that is too old, or another's, is refused by its own code", async () => {
    const [old, misnamed] = await Promise.all([front(one, ["127.0.0.1"], true), front(one, ["provider.test"])]);
    try {
      const client = createClient({ extraCaCertificates: [one.pem] });
      assert.equal(await ask(client, old), "CERT_HAS_EXPIRED");
      assert.equal(await ask(client, misnamed), "ERR_TLS_CERT_ALTNAME_INVALID");
      assert.equal(fake.requests.length, 0);
    } finally {
      await Promise.all([old.close(), misnamed.close()]);
    }
  });

  test("is not looked at where the settings say so, which is told once", async () => {
    const client = createClient({ strictSsl: false });
    assert.equal(await ask(client, byOne), "200");
    client.setNetwork({ strictSsl: false, noProxy: ["x.test"] });
    assert.equal(await ask(client, byOther), "200");
    assert.equal(told.length, 1);
    assert.match(told[0] ?? "", /not verified/u);
    client.setNetwork({});
    assert.equal(await ask(client, byOne), "SELF_SIGNED_CERT_IN_CHAIN");
  });
});

describe("Trusted certificates", () => {
  const everything = { useSystem: true, extra: [] };

  test("stay all that Node and the system trust when a private one is added", () => {
    const trusted = new Set(trustedCertificates({ useSystem: true, extra: [one.pem] }, assert.fail));
    for (const certificate of [...tls.rootCertificates, ...tls.getCACertificates("system")]) assert.ok(trusted.has(certificate));
    assert.ok(tls.rootCertificates.length > 50);
    assert.equal(trusted.size, trustedCertificates(everything, assert.fail).length + 1);
  });

  test("are Node's own alone where the system's are not wanted", () => {
    const trusted = trustedCertificates({ useSystem: false, extra: [] }, assert.fail);
    assert.deepEqual(trusted.toSorted(), [...new Set([...tls.rootCertificates, ...tls.getCACertificates("extra")])].toSorted());
  });

  test("stay when a file is missing, too long, damaged or something else, which is told with its name", async () => {
    const damaged = one.pem.replace(/\n.{10}/u, "\nAAAAAAAAAA");
    const table: readonly (readonly [string, RegExp])[] = [
      [join(folder, "missing.pem"), /could not be read.*missing\.pem/u],
      [folder, /could not be read/u],
      [await file("empty.pem", "nothing"), /No certificate.*empty\.pem/u],
      [await file("huge.pem", `${one.pem}${"x".repeat(17 * 1024 * 1024)}`), /more than \d+ bytes/u],
      [damaged, /1 of 1 certificates are damaged: given/u],
    ];
    const usual = trustedCertificates(everything, assert.fail).length;
    for (const [source, words] of table) {
      const messages: string[] = [];
      const trusted = trustedCertificates({ useSystem: true, extra: [source, other.pem] }, (message) => messages.push(message));
      assert.equal(trusted.length, usual + 1);
      assert.equal(messages.length, 1);
      assert.match(messages[0] ?? "", words);
    }
  });

  test("are taken from the good ones of a file of which one is damaged", () => {
    const messages: string[] = [];
    const damaged = one.pem.replace(/\n.{10}/u, "\nAAAAAAAAAA");
    const trusted = trustedCertificates({ useSystem: true, extra: [`${damaged}\n${other.pem}`] }, (message) => messages.push(message));
    assert.equal(trusted.length, trustedCertificates(everything, assert.fail).length + 1);
    assert.deepEqual(messages, ["1 of 2 certificates are damaged: given certificates."]);
  });
});
