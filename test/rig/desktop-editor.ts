// The desktop editor for `npm start`: which of those installed fits, and how it runs beside the user's own windows.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { ProcessGroup, spawnable } from "./process-group.ts";
import { runStep } from "./run-step.ts";

export interface DesktopEditor {
  readonly command: string;
  readonly version: string;
}

export interface DesktopSearch {
  readonly editor?: DesktopEditor;
  /** Why what was found does not fit; empty when nothing was found at all. */
  readonly misfits: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const NAMES = ["code", "code-insiders", "codium"];
/** The first word of what `--help` prints; other editors made from VS Code answer to `code` as well. */
const PRODUCT = /^(Visual Studio Code|VSCodium|Code - OSS)/;

/**
 * Looks for VS Code on the PATH and in the usual places. `needed` is `engines.vscode`, as `^1.125.0`; `scratch` is a folder that
 * the editor may use while it is asked for its version.
 */
export function findDesktopEditor(needed: string, scratch: string, environment: Environment = process.env): DesktopSearch {
  if (process.platform === "linux" && (environment["DISPLAY"] ?? "") === "" && (environment["WAYLAND_DISPLAY"] ?? "") === "") {
    return { misfits: ["there is no display"] };
  }
  const misfits: string[] = [];
  for (const command of candidates(environment)) {
    const answer = probe(command, needed, scratch, environment);
    if ("version" in answer) return { editor: { command, version: answer.version }, misfits };
    misfits.push(`${command} ${answer.misfit}`);
  }
  return { misfits };
}

function candidates(environment: Environment): string[] {
  const windows = process.platform === "win32";
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, windows ? `${name}.cmd` : name)));
  const usual = windows
    ? [environment["LOCALAPPDATA"], environment["ProgramFiles"]].flatMap((root) =>
        root === undefined ? [] : [join(root, "Programs/Microsoft VS Code/bin/code.cmd"), join(root, "Microsoft VS Code/bin/code.cmd")],
      )
    : ["/Applications/Visual Studio Code.app/Contents/Resources/app/bin/code", "/usr/share/code/bin/code", "/snap/bin/code"];
  return [...new Set([...onPath, ...usual])].filter((path) => existsSync(path) && statSync(path).isFile());
}

function probe(command: string, needed: string, scratch: string, environment: Environment): { version: string } | { misfit: string } {
  // Inside WSL and in a remote window `code` only tells another machine's editor to open something.
  if (/[\\/]remote-cli[\\/]/.test(realpathSync(command)) || (environment["WSL_DISTRO_NAME"] !== undefined && command.startsWith("/mnt/"))) {
    return { misfit: "belongs to another machine's editor" };
  }
  const ask = (flag: string): string => {
    const { file, rest, shell } = spawnable(command, [flag, ...asRoot(scratch)]);
    const { error, stdout } = spawnSync(file, rest, { encoding: "utf8", timeout: 30_000, env: ownEnvironment(environment), shell });
    return error === undefined ? stdout.trim() : "";
  };
  const version = /^\d+\.\d+\.\d+/.exec(ask("--version"))?.[0];
  if (version === undefined) return { misfit: "does not tell its version" };
  if (!satisfies(version, needed)) return { misfit: `is ${version}; ${needed.replace("^", "")} or newer is needed` };
  if (!PRODUCT.test(ask("--help"))) return { misfit: "is not VS Code" };
  return { version };
}

/** `^1.125.0`: the same first number, and not older. */
function satisfies(version: string, needed: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  const [neededMajor = 0, neededMinor = 0, neededPatch = 0] = needed.replace(/^\^/, "").split(".").map(Number);
  return major === neededMajor && (minor > neededMinor || (minor === neededMinor && patch >= neededPatch));
}

/** As root the editor refuses to start without both. */
function asRoot(userData: string): string[] {
  return process.getuid?.() === 0 ? ["--no-sandbox", "--user-data-dir", userData] : [];
}

/** An editor's terminal leaves variables behind that would make `code` talk to that editor. */
function ownEnvironment(environment: Environment): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(VSCODE_|ELECTRON_|npm_|NODE_OPTIONS$|PARLEY_)/i.test(name)));
}

export interface DesktopRun {
  readonly editor: DesktopEditor;
  /** Keeps the editor's user data and extensions apart from the user's own. */
  readonly folder: string;
  readonly workspaceFolder: string;
  readonly vsix: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface RunningDesktop {
  /** Settles when the window was closed. */
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

export async function startDesktopEditor({ editor, folder, workspaceFolder, vsix, settings }: DesktopRun): Promise<RunningDesktop> {
  const userData = join(folder, "user-data");
  const settingsFile = join(userData, "User/settings.json");
  if (!existsSync(settingsFile)) {
    mkdirSync(join(userData, "User"), { recursive: true });
    writeFileSync(settingsFile, `${JSON.stringify(settings, null, 2)}\n`);
  }
  const place = [
    "--user-data-dir",
    userData,
    "--extensions-dir",
    join(folder, "extensions"),
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
  const env = ownEnvironment(process.env);
  await runStep("The installation of the extension", editor.command, [...place, "--install-extension", vsix, "--force"], folder, env);
  const lock = join(userData, "code.lock");
  // The lock of an editor that was there before, which is not the one to be ended.
  const leftBehind = existsSync(lock) ? readFileSync(lock, "utf8") : "";
  const window = [
    ...place,
    "--wait",
    "--new-window",
    "--disable-workspace-trust",
    "--skip-welcome",
    "--skip-release-notes",
    workspaceFolder,
  ];
  const group = new ProcessGroup(editor.command, window, { env, cwd: folder });
  return {
    ended: group.ended,
    stop: async () => {
      await endMainProcess(lock, leftBehind);
      await group.stop();
    },
  };
}

/** `code` starts the editor apart from itself; the editor's own lock file names its main process. */
async function endMainProcess(lock: string, leftBehind: string): Promise<void> {
  const written = existsSync(lock) ? readFileSync(lock, "utf8") : "";
  if (written === leftBehind) return;
  const pid = Number(written);
  const signal = (name: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(pid, name);
    } catch {
      return false;
    }
  };
  if (!Number.isInteger(pid) || pid <= 0 || !signal("SIGTERM")) return;
  const deadline = Date.now() + 5_000;
  while (signal(0) && Date.now() < deadline) await after(50);
  if (signal(0)) signal("SIGKILL");
}
