// Documents that answers are written into: read-only, of a scheme of our own. Text that streamed into a real document would
// be saved, formatted and seen by watchers before anybody accepted it, and would mix with the user's own typing. These are
// kept in the extension's storage, so that a reload brings them back, until the person saves what is worth keeping.

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../dispose.ts";
import { ReadOnlyFiles } from "./read-only-files.ts";

export const RESULT_SCHEME = "parley-result";

/** Milliseconds between two looks of the editor at a document that grows, and between two writes of it into the storage. */
const SHOW_MS = 100;
const STORE_MS = 2_000;
/** How many documents of earlier runs are kept. */
const MAX_KEPT = 30;
/** How the names of files end that are being written; that of the last write of a window differs, since another may be under way. */
const HALF = ".writing";
const LAST = ".last";

export interface ResultFile extends Disposable {
  readonly uri: vscode.Uri;
  update(text: string): void;
}

interface Open {
  text: string;
  mtime: number;
  shown: NodeJS.Timeout | null;
  stored: NodeJS.Timeout | null;
  /** What the storage has. */
  kept: string;
  /** Settled when the last write has: two at once could end in either order, and keep the older text. */
  writing: Promise<void>;
}

export class ResultFiles extends ReadOnlyFiles implements Disposable {
  readonly #folder: vscode.Uri;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<vscode.FileChangeEvent[]>());
  readonly #open = new Map<string, Open>();
  #disposed = false;

  override readonly onDidChangeFile = this.#changed.event;

  constructor(folder: vscode.Uri) {
    super();
    this.#folder = folder;
    this.#store.add(vscode.workspace.registerFileSystemProvider(RESULT_SCHEME, this, { isReadonly: true, isCaseSensitive: true }));
  }

  /** A new, empty document. `name` ends the address and so names the tab; disposing of the file writes its last state and ends the updates. */
  create(name: string, now: Date): ResultFile {
    const id = `${now.toISOString().replaceAll(/[^0-9]/g, "")}-${Math.random().toString(36).slice(2, 8)}`;
    const open: Open = { text: "", kept: "", mtime: now.getTime(), shown: null, stored: null, writing: Promise.resolve() };
    const uri = vscode.Uri.from({ scheme: RESULT_SCHEME, authority: id, path: `/${name.replaceAll(/[/\\]/g, "-")}` });
    this.#open.set(id, open);
    void this.#removeOld();
    return {
      uri,
      update: (text) => {
        open.text = text;
        open.shown ??= setTimeout(() => this.#show(uri, open), SHOW_MS);
        open.stored ??= setTimeout(() => this.#keep(id, open), STORE_MS);
      },
      dispose: () => {
        if (open.shown !== null) clearTimeout(open.shown);
        this.#show(uri, open);
        if (open.stored !== null) clearTimeout(open.stored);
        this.#keep(id, open);
      },
    };
  }

  override async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const open = this.#open.get(idOf(uri));
    if (open === undefined)
      return { ...(await vscode.workspace.fs.stat(this.#stored(idOf(uri)))), permissions: vscode.FilePermission.Readonly };
    const size = Buffer.byteLength(open.text);
    return { type: vscode.FileType.File, ctime: open.mtime, mtime: open.mtime, size, permissions: vscode.FilePermission.Readonly };
  }

  override async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const open = this.#open.get(idOf(uri));
    return open === undefined ? vscode.workspace.fs.readFile(this.#stored(idOf(uri))) : Buffer.from(open.text);
  }

  /** Writes what is not written yet: the window may close in the middle of an answer. */
  dispose(): void {
    this.#disposed = true;
    for (const [id, { shown, stored, text, kept }] of this.#open) {
      if (shown !== null) clearTimeout(shown);
      if (stored !== null) clearTimeout(stored);
      if (text !== kept) this.#keepNow(id, text);
    }
    this.#store.dispose();
  }

  #show(uri: vscode.Uri, open: Open): void {
    open.shown = null;
    // The editor reads a file again only if it is newer than the one it knows.
    open.mtime = Math.max(Date.now(), open.mtime + 1);
    this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }

  /** Written beside it and put in its place, so that a window that closes in the middle of a write leaves the state before. */
  #keep(id: string, open: Open): void {
    open.stored = null;
    const { fsPath } = this.#stored(id);
    const write = async () => {
      const { text } = open;
      await mkdir(path.dirname(fsPath), { recursive: true });
      await writeFile(`${fsPath}${HALF}`, text);
      if (this.#disposed) return;
      renameSync(`${fsPath}${HALF}`, fsPath);
      open.kept = text;
    };
    // What cannot be stored is still on screen and can be saved; only a reload would lose it.
    open.writing = open.writing.then(write).then(undefined, () => {});
  }

  #keepNow(id: string, text: string): void {
    const { fsPath } = this.#stored(id);
    try {
      mkdirSync(path.dirname(fsPath), { recursive: true });
      writeFileSync(`${fsPath}${LAST}`, text);
      renameSync(`${fsPath}${LAST}`, fsPath);
    } catch {
      // As above; and there is nobody left to be told.
    }
  }

  async #removeOld(): Promise<void> {
    try {
      const entries = await vscode.workspace.fs.readDirectory(this.#folder);
      const names = entries.map(([name]) => name).toSorted();
      for (const name of names.slice(0, Math.max(0, names.length - MAX_KEPT))) {
        await vscode.workspace.fs.delete(vscode.Uri.joinPath(this.#folder, name));
      }
    } catch {
      // No folder yet, or another window was quicker.
    }
  }

  #stored(id: string): vscode.Uri {
    return vscode.Uri.joinPath(this.#folder, `${id}.md`);
  }
}

/** The authority, which the editor shows nowhere. Anything else in it would be a path of somebody else's making. */
function idOf(uri: vscode.Uri): string {
  if (!/^[0-9a-z-]+$/.test(uri.authority)) throw vscode.FileSystemError.FileNotFound(uri);
  return uri.authority;
}
