// A crash of the sidecar is survived; a crash loop is not, and says so.

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { FakeProvider } from "../support/fake-provider.ts";
import { closeAllTabs, set, until, useFake, workspaceFile } from "../support/in-host.ts";
import { sidecars } from "../support/sidecar-processes.ts";

describe("when the sidecar crashes", () => {
  let fake: FakeProvider;

  before(async () => {
    fake = await FakeProvider.start();
    await useFake(fake);
    const editor = await vscode.window.showTextDocument(workspaceFile("src/order.ts"), { preview: false });
    editor.selection = new vscode.Selection(0, 0, 3, 0);
    await vscode.commands.executeCommand("parley.restartSidecar");
  });

  after(async () => {
    await closeAllTabs();
    await set("model", undefined);
    await set("servers", undefined);
    await fake.close();
  });

  async function explain(): Promise<void> {
    const { requests } = fake.state();
    await vscode.commands.executeCommand("parley.explainSelection");
    await fake.waitFor((state) => state.requests > requests, "the question to reach the provider");
  }

  async function crash(): Promise<void> {
    const { pid } = await until(() => sidecars()[0], "a sidecar");
    process.kill(pid, "SIGKILL");
    await until(() => sidecars().every((child) => child.pid !== pid), "the sidecar to be gone");
  }

  it("another one comes by itself, and the next question works", async () => {
    await explain();
    await crash();
    await until(() => sidecars().length === 1, "the next sidecar");
    await explain();
  });

  it("the fifth crash in three minutes is the last one, and a restart that is asked for brings it back", async () => {
    for (let crashes = 2; crashes <= 5; crashes += 1) await crash();
    const { requests } = fake.state();
    // Answered at once, by a notification: nothing waits for a sidecar that does not come.
    await vscode.commands.executeCommand("parley.explainSelection");
    assert.deepEqual(sidecars(), []);
    assert.equal(fake.state().requests, requests);

    await vscode.commands.executeCommand("parley.restartSidecar");
    assert.equal(sidecars().length, 1);
    await explain();
  });
});
