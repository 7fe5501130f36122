// The editor's settings of the network hold for the sidecar as well, from one request to the next.

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { ConnectProxy } from "../support/connect-proxy.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { closeAllTabs, set, summarizeOpenFiles, workspaceFile } from "../support/in-host.ts";
import { sidecars } from "../support/sidecar-processes.ts";

async function setHttp(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration("http").update(name, value, vscode.ConfigurationTarget.Global);
}

async function summaryOf(name: string): Promise<string> {
  const uri = workspaceFile(`tabs/${name}.txt`);
  await vscode.workspace.fs.writeFile(uri, Buffer.from(`The text of ${name}.`));
  await vscode.window.showTextDocument(uri, { preview: false });
  const summary = await summarizeOpenFiles();
  await closeAllTabs();
  return summary;
}

const pids = (): readonly number[] => sidecars().map(({ pid }) => pid);

describe("the editor's proxy", () => {
  let fake: FakeProvider;
  let first: ConnectProxy;
  let second: ConnectProxy;

  before(async () => {
    fake = await FakeProvider.start();
    // A name that only these proxies can find.
    const places = { "provider.test:80": Number(new URL(fake.origin).port) };
    [first, second] = await Promise.all([ConnectProxy.start({ places }), ConnectProxy.start({ places })]);
    await set("servers", { far: { baseUrl: "http://provider.test/v1" } });
    await set("model", "far/fake-model");
  });

  after(async () => {
    for (const name of ["proxy", "proxyAuthorization"]) await setHttp(name, undefined);
    await set("model", undefined);
    await set("servers", undefined);
    await closeAllTabs();
    await Promise.all([first.close(), second.close()]);
    await fake.close();
  });

  it("holds from the next request on, without a restart", async () => {
    await setHttp("proxy", first.url());
    assert.match(await summaryOf("one"), /The text of one\./);
    const running = pids();
    assert.equal(running.length, 1);

    await setHttp("proxy", second.url());
    assert.match(await summaryOf("two"), /The text of two\./);

    assert.deepEqual([first.asked.length, second.asked.length], [1, 1]);
    assert.equal(second.asked[0]?.authority, "provider.test:80");
    assert.deepEqual(pids(), running);
  });

  it("is told of in words when it wants a password, which takes effect once it is set", async () => {
    second.authorization = "Basic bmFtZTpwYXNzd29yZA==";
    // Another pool, so that no tunnel of before is used again.
    await setHttp("proxyAuthorization", "Basic wrong");
    assert.match(await summaryOf("three"), /did not accept the name and the password[\s\S]*"http\.proxy"/);
    await setHttp("proxyAuthorization", second.authorization);
    assert.match(await summaryOf("four"), /The text of four\./);
  });
});
