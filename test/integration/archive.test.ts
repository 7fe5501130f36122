// Conversations as files, inside VS Code: on the disk, and where only the editor can read and write.

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { extension, workspaceFile } from "../support/in-host.ts";

const talk = `---
parley: conversation/1
title: "A talk about tea"
id: "old-1"
model: "box/fake-model"
createdAt: 1790000000000
updatedAt: 1790000001000
leaf: "a"
---

# A talk about tea

<!-- parley:message {"id":"q","parent":null,"role":"user","createdAt":1790000000000} -->
## 1. User

<!-- parley:text -->

What is plucked?

<!-- parley:message {"id":"a","parent":"q","role":"assistant","createdAt":1790000001000,"status":"complete"} -->
## 2. Assistant

<!-- parley:text -->

Two leaves and a bud.

<!-- parley:end {"messages":2} -->
`;

/** Files that exist in the editor alone, as those of a virtual workspace do. */
class FilesInMemory implements vscode.FileSystemProvider {
  readonly #files = new Map<string, Uint8Array>();
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => {});
  }

  stat({ path }: vscode.Uri): vscode.FileStat {
    const type = path === "/" ? vscode.FileType.Directory : vscode.FileType.File;
    return { type, ctime: 0, mtime: 0, size: path === "/" ? 0 : this.readFile(vscode.Uri.from({ scheme: "mem", path })).length };
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  readFile({ path }: vscode.Uri): Uint8Array {
    const bytes = this.#files.get(path);
    if (bytes === undefined) throw vscode.FileSystemError.FileNotFound(path);
    return bytes;
  }

  writeFile({ path }: vscode.Uri, content: Uint8Array): void {
    this.#files.set(path, content);
  }

  createDirectory(): void {}
  delete(): void {}
  rename(): void {}
}

const read = async (uri: vscode.Uri): Promise<string> => Buffer.from(await vscode.workspace.fs.readFile(uri)).toString();

describe("conversations as files", () => {
  let files: vscode.Disposable;

  before(async () => {
    await extension().activate();
    files = vscode.workspace.registerFileSystemProvider("mem", new FilesInMemory(), { isCaseSensitive: true });
  });

  after(() => files.dispose());

  for (const scheme of ["file", "mem"]) {
    const at = (name: string): vscode.Uri =>
      scheme === "file" ? workspaceFile(name) : vscode.Uri.from({ scheme: "mem", path: `/${name}` });

    it(`are imported and exported, in both forms (${scheme})`, async () => {
      await vscode.workspace.fs.writeFile(at("talk.md"), Buffer.from(talk));
      await vscode.commands.executeCommand("parley.importConversation", at("talk.md"));
      // What is shown now is what was imported.
      await vscode.commands.executeCommand("parley.exportConversation", at("again.md"));
      const markdown = await read(at("again.md"));
      assert.match(markdown, /^---\nparley: conversation\/1\ntitle: "A talk about tea"\n/);
      assert.match(markdown, /What is plucked\?\n\n<!-- parley:message .*\n\nTwo leaves and a bud\.\n/s);
      await vscode.commands.executeCommand("parley.exportConversation", at("again.JSON"));
      const archive: unknown = JSON.parse(await read(at("again.JSON")));
      assert.equal(Reflect.get(Object(archive), "schema_version"), "session-archive/v1");
      await vscode.commands.executeCommand("parley.importConversation", at("again.JSON"));
      await vscode.commands.executeCommand("parley.exportConversation", at("third.md"));
      assert.match(await read(at("third.md")), /"formerIds":\["old-1",/);
    });
  }
});
