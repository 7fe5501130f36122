// Where the sidecar writes and reads a file that a person has chosen. It knows the disk of its machine alone: what lies elsewhere (a
// virtual workspace, the machine in front of a remote window) goes through a file in the extension's storage.

import { randomUUID } from "node:crypto";
import * as vscode from "vscode";

/** `target` is written when `write` has filled the path that it is given. Rejects as `write` and the file system do. */
export async function writeTo<T>(target: vscode.Uri, storage: vscode.Uri, write: (path: string) => Promise<T>): Promise<T> {
  if (target.scheme === "file") return write(target.fsPath);
  return withTemporary(target, storage, async (temporary) => {
    const result = await write(temporary.fsPath);
    await vscode.workspace.fs.writeFile(target, await vscode.workspace.fs.readFile(temporary));
    return result;
  });
}

/** Rejects as `read` and the file system do. */
export async function readFrom<T>(source: vscode.Uri, storage: vscode.Uri, read: (path: string) => Promise<T>): Promise<T> {
  if (source.scheme === "file") return read(source.fsPath);
  return withTemporary(source, storage, async (temporary) => {
    await vscode.workspace.fs.writeFile(temporary, await vscode.workspace.fs.readFile(source));
    return read(temporary.fsPath);
  });
}

async function withTemporary<T>(like: vscode.Uri, storage: vscode.Uri, use: (temporary: vscode.Uri) => Promise<T>): Promise<T> {
  const ending = /\.\w+$/u.exec(like.path)?.[0] ?? "";
  const temporary = vscode.Uri.joinPath(storage, `exchange-${randomUUID()}${ending}`);
  await vscode.workspace.fs.createDirectory(storage);
  try {
    return await use(temporary);
  } finally {
    // It may not have come to be.
    await vscode.workspace.fs.delete(temporary).then(undefined, () => {});
  }
}
