// Documents that answers are written into: read-only, of a scheme of our own. Text that streamed into a real document would
// be saved, formatted and seen by watchers before anybody accepted it, and would mix with the user's own typing. These are
// kept in the extension's storage, so that a reload brings them back, until the person saves what is worth keeping.

import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../dispose.ts";
import { ReadOnlyFiles } from "./read-only-files.ts";

export const RESULT_SCHEME = "parley-result";

/** Milliseconds between two looks of the editor at a document that grows, and between two writes of it into the storage. */
const SHOW_MS = 100;
const STORE_MS = 2_000;
/** How many documents of earlier runs are kept. */
const MAX_KEPT = 30;

export interface ResultFile extends Disposable {
  readonly uri: vscode.Uri;
  update(text: string): void;
}

interface Open {
  text: string;
  mtime: number;
  shown: NodeJS.Timeout | null;
  stored: NodeJS.Timeout | null;
  /** Settled when the last write has: two at once could end in either order, and keep the older text. */
  writing: Promise<void>;
}

export class ResultFiles extends ReadOnlyFiles implements Disposable {
  readonly #folder: vscode.Uri;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<vscode.FileChangeEvent[]>());
  readonly #open = new Map<string, Open>();

  override readonly onDidChangeFile = this.#changed.event;

  constructor(folder: vscode.Uri) {
    super();
    this.#folder = folder;
    this.#store.add(vscode.workspace.registerFileSystemProvider(RESULT_SCHEME, this, { isReadonly: true, isCaseSensitive: true }));
  }

  /** A new, empty document. `name` ends the address and so names the tab; disposing of the file writes its last state and ends the updates. */
  create(name: string, now: Date): ResultFile {
    const id = `${now.toISOString().replaceAll(/[^0-9]/g, "")}-${Math.random().toString(36).slice(2, 8)}`;
    const open: Open = { text: "", mtime: now.getTime(), shown: null, stored: null, writing: Promise.resolve() };
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

  dispose(): void {
    for (const { shown, stored } of this.#open.values()) {
      if (shown !== null) clearTimeout(shown);
      if (stored !== null) clearTimeout(stored);
    }
    this.#store.dispose();
  }

  #show(uri: vscode.Uri, open: Open): void {
    open.shown = null;
    // The editor reads a file again only if it is newer than the one it knows.
    open.mtime = Math.max(Date.now(), open.mtime + 1);
    this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }

  #keep(id: string, open: Open): void {
    open.stored = null;
    // What cannot be stored is still on screen and can be saved; only a reload would lose it.
    open.writing = open.writing
      .then(() => vscode.workspace.fs.writeFile(this.#stored(id), Buffer.from(open.text)))
      .then(undefined, () => {});
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
