// Reads a file for the sidecar: the document as it is on screen, else as it is stored, through the editor alone, so that
// remote and virtual file systems work as well as the disk.

import * as vscode from "vscode";
import type { FileContent } from "../../sidecar/protocol.ts";
import { MAX_FILE_BYTES, isBinary, notebookText } from "./file-text.ts";
import { hasUnsavedTab } from "./tabs.ts";

export type UnreadableCode = "file-not-found" | "file-too-large" | "file-binary" | "file-unreadable";

/** The file cannot be given to a model. The message says why, for people. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
  readonly code: UnreadableCode;

  constructor(code: UnreadableCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Rejects with `Unreadable`. */
export async function readFile(address: string): Promise<FileContent> {
  const uri = vscode.Uri.parse(address, true);
  const notebook = vscode.workspace.notebookDocuments.find((document) => document.uri.toString() === address);
  if (notebook !== undefined) return textOfNotebook(notebook);
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === address);
  if (open !== undefined) return textOfDocument(open);
  // A restored tab in the background holds its unsaved text, although no document is in memory yet: the editor has to bring it.
  if (uri.scheme === "untitled" || hasUnsavedTab(address)) return textOfDocument(await openDocument(uri));
  const tab = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).find(({ input }) => isNotebookTab(input, address));
  const restored = tab === undefined ? undefined : await openNotebook(uri);
  return restored === undefined ? readStored(uri) : textOfNotebook(restored);
}

async function readStored(uri: vscode.Uri): Promise<FileContent> {
  const { size, type } = await stat(uri);
  const virtual = type === undefined;
  if (type !== undefined && (type & vscode.FileType.Directory) !== 0)
    throw new Unreadable("file-unreadable", vscode.l10n.t("It is a folder."));
  if (size > MAX_FILE_BYTES) throw tooLarge(size);
  // No file system stands behind this scheme: an extension provides its text, if anybody does.
  if (virtual) return textOfDocument(await openDocument(uri));
  const bytes = await vscode.workspace.fs.readFile(uri).then(undefined, refuse);
  if (bytes.byteLength > MAX_FILE_BYTES) throw tooLarge(bytes.byteLength);
  if (isBinary(bytes)) throw new Unreadable("file-binary", vscode.l10n.t("It is not a text file."));
  // In the encoding that the settings give this file.
  return { text: await vscode.workspace.decode(bytes, { uri }) };
}

async function stat(uri: vscode.Uri): Promise<{ readonly size: number; readonly type: vscode.FileType | undefined }> {
  try {
    return await vscode.workspace.fs.stat(uri);
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === "Unavailable") return { size: 0, type: undefined };
    return refuse(error);
  }
}

async function openDocument(uri: vscode.Uri): Promise<vscode.TextDocument> {
  return vscode.workspace.openTextDocument(uri).then((document) => document, refuse);
}

/** Undefined where no extension knows this kind of notebook any more: then its file is all there is. */
async function openNotebook(uri: vscode.Uri): Promise<vscode.NotebookDocument | undefined> {
  return vscode.workspace.openNotebookDocument(uri).then(
    (document) => document,
    () => undefined,
  );
}

function isNotebookTab(input: unknown, address: string): boolean {
  return input instanceof vscode.TabInputNotebook && input.uri.toString() === address;
}

function textOfDocument(document: vscode.TextDocument): FileContent {
  const text = document.getText();
  const size = Buffer.byteLength(text);
  if (size > MAX_FILE_BYTES) throw tooLarge(size);
  return { text, languageId: document.languageId };
}

function textOfNotebook(notebook: vscode.NotebookDocument): FileContent {
  const text = notebookText(
    notebook.getCells().map((cell) => ({
      kind: cell.kind === vscode.NotebookCellKind.Markup ? "markup" : "code",
      languageId: cell.document.languageId,
      text: cell.document.getText(),
    })),
  );
  const size = Buffer.byteLength(text);
  if (size > MAX_FILE_BYTES) throw tooLarge(size);
  return { text, languageId: "markdown" };
}

function tooLarge(size: number): Unreadable {
  const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
  return new Unreadable(
    "file-too-large",
    vscode.l10n.t("It has {0} MB; files of up to {1} MB are read.", megabytes(size), megabytes(MAX_FILE_BYTES)),
  );
}

function refuse(error: unknown): never {
  if (error instanceof vscode.FileSystemError && error.code === "FileNotFound") {
    throw new Unreadable("file-not-found", vscode.l10n.t("It does not exist any more."), { cause: error });
  }
  throw new Unreadable("file-unreadable", error instanceof Error ? error.message : String(error), { cause: error });
}
