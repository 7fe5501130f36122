import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { Initialize, ListProviders, PROTOCOL_VERSION, Shutdown } from "../../sidecar/protocol.ts";
import { defaultSettings } from "../../sidecar/engine.ts";
import { parley, parleyBundle } from "../support/parley-process.ts";

const initialize = {
  protocolVersion: PROTOCOL_VERSION,
  client: { name: "test", version: "0" },
  parentPid: process.pid,
  storeFolder: null,
  settings: defaultSettings,
};

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

describe("parley serve --stdio", () => {
  it("speaks the protocol on its input and output, and ends with 0 when it is asked to", async () => {
    const child = spawn(process.execPath, [parleyBundle, "serve", "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
    const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
    const strange: unknown[] = [];
    connection.onError((error) => strange.push(error));
    connection.listen();
    const { pid } = await connection.sendRequest(Initialize, initialize);
    assert.equal(pid, child.pid);
    const { providers } = await connection.sendRequest(ListProviders, null);
    assert.ok(providers.some(({ id }) => id === "openai"));
    await connection.sendRequest(Shutdown, null);
    assert.equal(await ended(child), 0);
    assert.deepEqual(strange, []);
    connection.dispose();
  });

  it("ends when its input ends", async () => {
    const child = spawn(process.execPath, [parleyBundle, "serve", "--stdio"], { stdio: ["pipe", "ignore", "ignore"] });
    child.stdin.end();
    assert.equal(await ended(child), 0);
  });

  it("wants to be told how", async () => {
    const { status, stderr } = await parley(["serve"]);
    assert.equal(status, 2);
    assert.match(stderr, /parley serve --stdio/u);
  });
});
