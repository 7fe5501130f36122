// *Summarize Open Files*, from the tabs to the document.

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { ReadOnlyFiles } from "../../extension/files/read-only-files.ts";
import { RESULT_SCHEME } from "../../extension/files/result-files.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { lastUserText } from "../support/fake-provider-script.ts";
import { closeAllTabs, set, summarizeOpenFiles, until, useFake, workspaceFile } from "../support/in-host.ts";

/** A tab in the background, as a restart leaves it: nobody has looked at it, so that no document is in memory. */
async function openInBackground(uri: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand("vscode.open", uri, { preview: false, background: true });
  await until(() => tabOf(uri), `the tab of ${uri.path}`);
}

function tabOf(uri: vscode.Uri): vscode.Tab | undefined {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .find(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === uri.toString());
}

async function write(path: string, text: string): Promise<vscode.Uri> {
  const uri = workspaceFile(path);
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  return uri;
}

function sections(text: string): readonly (readonly [string, string])[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")), section.slice(section.indexOf("\n")).trim()]);
}

describe("Summarize Open Files", () => {
  let fake: FakeProvider;
  const files = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration("files");

  before(async () => {
    fake = await FakeProvider.start();
    await useFake(fake);
    // The web build saves by itself after a second, which would make "unsaved" a matter of luck.
    await files().update("autoSave", "off", vscode.ConfigurationTarget.Global);
    await closeAllTabs();
  });

  afterEach(async () => {
    await closeAllTabs();
    fake.reset();
  });

  after(async () => {
    await files().update("autoSave", undefined, vscode.ConfigurationTarget.Global);
    await set("model", undefined);
    await set("servers", undefined);
    await fake.close();
  });

  /** Answers with the first line of the file that the prompt holds, which tells each file from the others. */
  function answerWithMarks(): void {
    fake.respond(({ body }) => ({ text: `Seen ${/MARK-\w+/.exec(lastUserText(body))?.[0] ?? "nothing"}` }));
  }

  it("summarizes ten tabs of which one was looked at, in the order of the tabs", async () => {
    answerWithMarks();
    const uris = await Promise.all(Array.from({ length: 10 }, (_, index) => write(`tabs/file-${index}.txt`, `MARK-${index} and more`)));
    const [looked, ...others] = uris;
    assert(looked !== undefined);
    await vscode.window.showTextDocument(looked, { preview: false });
    for (const uri of others) await openInBackground(uri);
    const inMemory = vscode.workspace.textDocuments.filter(({ uri }) => uris.some((other) => other.toString() === uri.toString()));
    assert.deepEqual(
      inMemory.map(({ uri }) => uri.path),
      [looked.path],
      "Only one of them may be in memory.",
    );

    // The editor opens a tab beside the one before: their order is theirs.
    const order = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label));
    assert.equal(order.length, 10);

    const text = await summarizeOpenFiles();

    assert.deepEqual(
      sections(text),
      order.map((name) => [`tabs/${name}`, `Seen MARK-${/\d+/.exec(name)?.[0]}`]),
    );
    assert.match(text, /^# Summary of 10 open files\n/);
  });

  it("reads what is on screen: unsaved changes and documents without a name", async () => {
    answerWithMarks();
    const saved = await write("tabs/changed.txt", "MARK-saved");
    const editor = await vscode.window.showTextDocument(saved, { preview: false });
    await editor.edit((edit) => edit.replace(new vscode.Range(0, 0, 0, 10), "MARK-unsaved"));
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content: "MARK-untitled" }), { preview: false });
    const found = sections(await summarizeOpenFiles());
    assert.deepEqual(
      found.map(([, text]) => text),
      ["Seen MARK-unsaved", "Seen MARK-untitled"],
    );
    assert.equal(Buffer.from(await vscode.workspace.fs.readFile(saved)).toString(), "MARK-saved", "Nothing may be written.");
  });

  it("reads files of a file system that an extension has invented", async () => {
    answerWithMarks();
    const provider = vscode.workspace.registerFileSystemProvider("invented", new InventedFiles("MARK-invented"), { isReadonly: true });
    try {
      await openInBackground(vscode.Uri.parse("invented://somewhere/poem.txt"));
      assert.deepEqual(
        sections(await summarizeOpenFiles()).map(([, text]) => text),
        ["Seen MARK-invented"],
      );
    } finally {
      await closeAllTabs();
      provider.dispose();
    }
  });

  it("reads a notebook as the text of its cells, one in the background too", async () => {
    answerWithMarks();
    const serializer = vscode.workspace.registerNotebookSerializer("jupyter-notebook", {
      deserializeNotebook: (bytes) => new vscode.NotebookData([codeCell(Buffer.from(bytes).toString().replace("STORED", "MARK"))]),
      serializeNotebook: () => new Uint8Array(),
    });
    try {
      await vscode.window.showTextDocument(await write("tabs/first.txt", "MARK-first"), { preview: false });
      const uri = await write("tabs/book.ipynb", "STORED-cell");
      await vscode.commands.executeCommand("vscode.open", uri, { preview: false, background: true });
      await until(() => vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).length === 2, "the notebook's tab");
      assert.deepEqual(vscode.workspace.notebookDocuments, []);
      assert.deepEqual(
        sections(await summarizeOpenFiles()).map(([, text]) => text),
        ["Seen MARK-first", "Seen MARK-cell"],
      );
    } finally {
      await closeAllTabs();
      serializer.dispose();
    }
  });

  it("one failure leaves the others alone, and says why in its own section", async () => {
    fake.respond(({ body }) =>
      lastUserText(body).includes("MARK-bad")
        ? { status: 400, body: { error: { message: "the server is in a bad mood", code: "mood" } } }
        : { text: "Fine." },
    );
    for (const name of ["one", "bad", "two"]) await openInBackground(await write(`tabs/${name}.txt`, `MARK-${name}`));
    await openInBackground(await write("tabs/picture.bin", "\0\0\0"));
    const found = new Map(sections(await summarizeOpenFiles()));
    assert.deepEqual([found.get("tabs/one.txt"), found.get("tabs/two.txt")], ["Fine.", "Fine."]);
    assert.match(found.get("tabs/bad.txt") ?? "", /^> \*\*[\s\S]*the server is in a bad mood/);
    assert.match(found.get("tabs/picture.bin") ?? "", /not a text file/);
    assert.equal(fake.requests.filter(({ route }) => route === "openai-chat").length, 3, "A file that cannot be read is not sent.");
  });

  it("asks no more at once than the setting allows", async () => {
    await set("concurrency", 2);
    try {
      fake.respond({ steps: [{ gate: "go" }, { text: "Done." }, { finish: "stop" }] });
      for (let index = 0; index < 5; index += 1) await openInBackground(await write(`tabs/many-${index}.txt`, "text"));
      const done = summarizeOpenFiles();
      await fake.waitFor((state) => state.waitingAt.length === 2, "two requests at once");
      for (let index = 0; index < 5; index += 1) {
        await fake.waitFor((state) => state.waitingAt.length > 0, "the next request");
        fake.gate("go").release();
      }
      await done;
      assert.equal(fake.state().peakAnswers, 2);
    } finally {
      await set("concurrency", undefined);
    }
  });

  it("leaves no document behind that auto-save could write", async () => {
    fake.respond({ text: "# Heading\n\nText." });
    await openInBackground(await write("tabs/one.txt", "text"));
    const text = await summarizeOpenFiles();
    assert.match(text, /^### Heading$/m);
    const tab = vscode.window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .find(({ input }) => input instanceof vscode.TabInputText && input.uri.scheme === RESULT_SCHEME);
    assert.equal(tab?.isDirty, false);
    assert.equal(vscode.workspace.fs.isWritableFileSystem(RESULT_SCHEME), false);
  });
});

function codeCell(text: string): vscode.NotebookCellData {
  return new vscode.NotebookCellData(vscode.NotebookCellKind.Code, text, "python");
}

/** Every file holds the same text. */
class InventedFiles extends ReadOnlyFiles {
  readonly #text: string;
  override readonly onDidChangeFile = new vscode.EventEmitter<vscode.FileChangeEvent[]>().event;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  override stat(): vscode.FileStat {
    return { type: vscode.FileType.File, ctime: 0, mtime: 1, size: this.#text.length };
  }

  override readFile(): Uint8Array {
    return Buffer.from(this.#text);
  }
}
