// Prompts on the selected code, and settings that take effect while the window is open.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as vscode from "vscode";
import { FakeProvider } from "../support/fake-provider.ts";
import { type FakeRequest, lastUserText } from "../support/fake-provider-script.ts";
import { closeAllTabs, set, until, useFake, workspaceFile } from "../support/in-host.ts";
import { sidecars } from "../support/sidecar-processes.ts";

async function select(path: string, from: number, to: number): Promise<string> {
  const editor = await vscode.window.showTextDocument(workspaceFile(path), { preview: false });
  const end = editor.document.lineAt(to - 1).range.end;
  editor.selection = new vscode.Selection(new vscode.Position(from - 1, 0), end);
  return editor.document.getText(editor.selection);
}

function questions(fake: FakeProvider): readonly FakeRequest[] {
  return fake.requests.filter(({ route }) => route === "openai-chat");
}

async function question(fake: FakeProvider, count: number): Promise<FakeRequest> {
  await fake.waitFor(() => questions(fake).length >= count, `question ${count}`);
  const request = questions(fake)[count - 1];
  assert(request !== undefined);
  return request;
}

describe("prompts on the selection", () => {
  let fake: FakeProvider;

  before(async () => {
    fake = await FakeProvider.start({ models: ["fake-model", "second-model"] });
    await useFake(fake);
  });

  after(async () => {
    await closeAllTabs();
    await set("model", undefined);
    await set("servers", undefined);
    await fake.close();
  });

  it("Explain Selection asks the model about the selected lines, with their place", async () => {
    const text = await select("src/order.ts", 2, 6);
    assert(text.trim() !== "");
    await vscode.commands.executeCommand("parley.explainSelection");
    const asked = lastUserText((await question(fake, 1)).body);
    assert(asked.includes(text), asked);
    assert.match(asked, /src\/order\.ts/);
    assert.match(asked, /Explain this code/);
    assert.equal(questions(fake)[0]?.body?.["model"], "fake-model");
  });

  it("without a selection it is about the function around the caret, or the line", async () => {
    await select("src/schema.sql", 1, 1);
    const editor = vscode.window.activeTextEditor;
    assert(editor !== undefined);
    editor.selection = new vscode.Selection(0, 2, 0, 2);
    await vscode.commands.executeCommand("parley.explainSelection");
    const asked = lastUserText((await question(fake, 2)).body);
    assert(asked.includes(editor.document.lineAt(0).text), asked);
  });

  it("each is a conversation of its own: nothing of the one before is sent along", async () => {
    const messages = questions(fake)[1]?.body?.["messages"];
    assert(Array.isArray(messages));
    assert.equal(messages.filter((message) => JSON.stringify(message).includes("order.ts")).length, 0);
  });

  it("another model in the settings answers the next question, without a reload", async () => {
    await set("model", "box/second-model");
    await select("src/order.ts", 1, 2);
    await vscode.commands.executeCommand("parley.explainSelection");
    assert.equal((await question(fake, 3)).body?.["model"], "second-model");
  });

  it("another address in the settings takes the next question, without a reload", async () => {
    const other = await FakeProvider.start();
    try {
      const { pid } = await until(() => sidecars()[0], "the sidecar");
      await useFake(other);
      await select("src/order.ts", 1, 2);
      await vscode.commands.executeCommand("parley.explainSelection");
      await question(other, 1);
      assert.equal(questions(fake).length, 3);
      assert.equal(sidecars()[0]?.pid, pid, "the sidecar is the same");
    } finally {
      await useFake(fake);
      await other.close();
    }
  });

  it("the sidecar sees neither keys nor options of the editor's environment, and its command line holds none", async function () {
    if (process.platform !== "linux") this.skip();
    const child = await until(() => sidecars()[0], "the sidecar");
    const names = readFileSync(`/proc/${child.pid}/environ`, "utf8")
      .split("\0")
      .filter((entry) => entry !== "")
      .map((entry) => entry.slice(0, entry.indexOf("=")));
    assert(names.includes("ELECTRON_RUN_AS_NODE"));
    assert.deepEqual(
      names.filter((name) => /KEY|TOKEN|SECRET|PASS|NODE_OPTIONS|VSCODE|PARLEY/.test(name)),
      [],
    );
    assert.deepEqual(
      child.commandLine
        .split(" ")
        .slice(1)
        .map((part) => part.replace(/^.*\//, "")),
      ["--max-semi-space-size=16", "sidecar.mjs"],
    );
  });
});
