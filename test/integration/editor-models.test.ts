// Models that other extensions offer inside the editor, asked through the sidecar like any other.

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { closeAllTabs, set, summarizeOpenFiles, workspaceFile } from "../support/in-host.ts";

interface ParrotRequest {
  readonly texts: readonly string[];
}

async function parrot(): Promise<readonly ParrotRequest[]> {
  const found = vscode.extensions.getExtension<{ readonly requests: readonly ParrotRequest[] }>("parley-tests.parrot");
  assert(found !== undefined, "The fixture test/fixtures/model-extension is not loaded.");
  return (await found.activate()).requests;
}

/** A name for each: the editor keeps the document of a closed tab in memory for a while. */
async function summaryOf(name: string, text: string): Promise<string> {
  const uri = workspaceFile(`tabs/${name}.txt`);
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  await vscode.window.showTextDocument(uri, { preview: false });
  return summarizeOpenFiles();
}

describe("models of the editor", () => {
  before(async () => {
    await parrot();
    await set("model", "editor/parrot-1");
  });

  afterEach(closeAllTabs);
  after(() => set("model", undefined));

  it("answer through the sidecar, with all that was asked", async () => {
    const text = await summaryOf("answer", "A line for the parrot.");
    assert.match(text, /A line for the parrot\./);
    assert.match((await parrot()).at(-1)?.texts.at(-1) ?? "", /Summarize this file[\s\S]*A line for the parrot\./);
  });

  it("that refuse are told in words", async () => {
    const text = await summaryOf("refuse", "REFUSE this.");
    assert.match(text, /^> \*\*/m);
    assert.match(text, /The parrot does not like this\./);
  });

  it("that are gone are told in words", async () => {
    await set("model", "editor/nobody");
    assert.match(await summaryOf("gone", "Text."), /does not have the model "nobody"/);
  });
});
