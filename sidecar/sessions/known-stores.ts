// Where conversations lie on a machine: those of the command line, and those that editors keep for the extension.

import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** In the folder of every store. */
export const databaseName = "conversations.sqlite";
/** Publisher and name of the extension, as editors call the folder in which it keeps things. */
export const extensionId = "parley.parley";

export interface Machine {
  readonly environment: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
}

export interface EditorStore {
  /** For people. */
  readonly editor: string;
  readonly folder: string;
}

/** The user's data folder, by the customs of the system. */
export function defaultStoreFolder({ environment, platform = process.platform }: Machine): string {
  const home = homeOf(environment);
  if (platform === "darwin") return join(home, "Library", "Application Support", "Parley");
  if (platform === "win32") return join(roamingOf(environment, home), "Parley");
  return join(dataOf(environment, home), "parley");
}

/** Editors that have conversations here, whether they run or not. */
export async function editorStores(machine: Machine): Promise<readonly EditorStore[]> {
  const found: EditorStore[] = [];
  for (const [editor, userData] of editorFolders(machine)) {
    const folder = join(userData, "User", "globalStorage", extensionId);
    if (await hasStore(folder)) found.push({ editor, folder });
  }
  return found;
}

async function hasStore(folder: string): Promise<boolean> {
  return stat(join(folder, databaseName)).then(
    (info) => info.isFile(),
    () => false,
  );
}

function editorFolders({ environment, platform = process.platform }: Machine): readonly (readonly [editor: string, userData: string])[] {
  const home = homeOf(environment);
  const desktop =
    platform === "darwin"
      ? join(home, "Library", "Application Support")
      : platform === "win32"
        ? roamingOf(environment, home)
        : folderOf(environment["XDG_CONFIG_HOME"], join(home, ".config"));
  return [
    ["VS Code", join(desktop, "Code")],
    ["VS Code Insiders", join(desktop, "Code - Insiders")],
    ["VSCodium", join(desktop, "VSCodium")],
    ["Cursor", join(desktop, "Cursor")],
    ["code-server", join(dataOf(environment, home), "code-server")],
    // What a window that works on this machine from another one runs here.
    ["VS Code (remote)", join(home, ".vscode-server", "data")],
    ["VS Code Insiders (remote)", join(home, ".vscode-server-insiders", "data")],
    ["VSCodium (remote)", join(home, ".vscodium-server", "data")],
    ["Cursor (remote)", join(home, ".cursor-server", "data")],
  ];
}

function homeOf(environment: NodeJS.ProcessEnv): string {
  return folderOf(environment["HOME"], homedir());
}

function roamingOf(environment: NodeJS.ProcessEnv, home: string): string {
  return folderOf(environment["APPDATA"], join(home, "AppData", "Roaming"));
}

function dataOf(environment: NodeJS.ProcessEnv, home: string): string {
  return folderOf(environment["XDG_DATA_HOME"], join(home, ".local", "share"));
}

/** By the XDG specification a path that is not absolute counts as none. */
function folderOf(named: string | undefined, usual: string): string {
  return named !== undefined && isAbsolute(named) ? named : usual;
}
