// Models that other extensions offer inside the editor, asked through the sidecar like any other.

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { closeAllTabs, set, summarizeOpenFiles, until, workspaceFile } from "../support/in-host.ts";

interface Parrot {
  readonly requests: readonly { readonly texts: readonly string[] }[];
  readonly counts: readonly { readonly text: string; readonly tokens: number }[];
}

async function parrot(): Promise<Parrot> {
  const found = vscode.extensions.getExtension<Parrot>("parley-tests.parrot");
  assert(found !== undefined, "The fixture test/fixtures/model-extension is not loaded.");
  return found.activate();
}

/** A name for each: the editor keeps the document of a closed tab in memory for a while. */
async function show(name: string, text: string): Promise<vscode.TextEditor> {
  const uri = workspaceFile(`tabs/${name}.txt`);
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  return vscode.window.showTextDocument(uri, { preview: false });
}

async function summaryOf(name: string, text: string): Promise<string> {
  await show(name, text);
  return summarizeOpenFiles();
}

/** What the conversation shown looks like in a file, once it has these words. */
async function shown(words: RegExp): Promise<string> {
  const file = workspaceFile("tabs/shown.json");
  return until(async () => {
    await vscode.commands.executeCommand("parley.exportConversation", file);
    const text = Buffer.from(await vscode.workspace.fs.readFile(file)).toString();
    return words.test(text) ? text : undefined;
  }, `a conversation with ${words.source}`);
}

/** A conversation about a text, with a model whose window holds 4000 tokens. */
async function ask(name: string, text: string): Promise<void> {
  const editor = await show(name, text);
  editor.selection = new vscode.Selection(new vscode.Position(0, 0), editor.document.lineAt(editor.document.lineCount - 1).range.end);
  await vscode.commands.executeCommand("parley.explainSelection");
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
    assert.match((await parrot()).requests.at(-1)?.texts.at(-1) ?? "", /Summarize this file[\s\S]*A line for the parrot\./);
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

describe("tokens of a conversation with a model of the editor", () => {
  before(async () => {
    await set("generateTitles", false);
    await set("whenContextIsFull", "refuse");
    await set("model", "editor/parrot-2");
  });

  afterEach(closeAllTabs);
  after(async () => {
    for (const name of ["generateTitles", "whenContextIsFull", "model"]) await set(name, undefined);
  });

  it("are as many as its extension counts", async () => {
    const { counts, requests } = await parrot();
    const before = requests.length;
    // Some 2500 tokens as they are estimated, which would fit.
    await ask("counted", "letters ".repeat(1250));
    await shown(/The conversation has \d+ tokens, and the model's context window holds 4000/);
    const counted = counts.filter(({ text }) => text.includes("letters letters")).at(-1)?.tokens ?? 0;
    assert.ok(counted >= 5000, `${counted}`);
    await shown(new RegExp(`The conversation has ${counted} tokens`, "u"));
    assert.equal(requests.length, before, "it was not asked for an answer");
  });

  it("are estimated, and called so, where its extension counts none", async () => {
    const { counts } = await parrot();
    await ask("uncounted", `UNCOUNTED ${"letters ".repeat(1600)}`);
    await shown(/The conversation has about \d+ tokens, and the model's context window holds 4000/);
    assert.ok(counts.some(({ text, tokens }) => text.includes("UNCOUNTED") && tokens === 0));
  });
});
