// VS Code's web build, served on loopback. Two forms: `server` is VS Code's own server (one process, quick, forgets secrets at each
// reload), `wrapper` is code-server around it, whose workbench keeps SecretStorage in the browser by origin.

import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeServer } from "./places.ts";
import { ProcessGroup } from "./process-group.ts";

export interface EditorServerOptions {
  readonly form: "server" | "wrapper";
  /** All that the server keeps goes below this folder, settings and sockets included. */
  readonly folder: string;
  /** For sockets alone, where `folder` may lie too deep for a socket's address. */
  readonly socketFolder?: string;
  /** What the wrapper opens at its bare address; without it, an empty window. */
  readonly workspaceFolder?: string;
  readonly extensionsFolder: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Written as the machine's and the user's settings, unless there are some already. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /**
   * Development extensions in the page's address are honoured only with VS Code's smoke-test driver, which hides notification
   * toasts and some dialogs. Leave it out where a person looks.
   */
  readonly developmentExtensions?: boolean;
  /** Folders have to be trusted, as on a person's machine; else every folder is. */
  readonly workspaceTrust?: boolean;
  /** Only themes and a few grammars instead of all built-in extensions: half the start time, but errors about missing ones. */
  readonly fewBuiltIns?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Time limit for the start, in ms. Default 60,000. */
  readonly startLimitMs?: number;
}

export interface EditorServer {
  /** Of the first process; all others descend from it. */
  readonly pid: number;
  readonly port: number;
  /** The workbench's address, with a slash at the end. */
  readonly url: string;
  /** Settles when the server has ended, for whatever reason. */
  readonly ended: Promise<unknown>;
  /** The last of what the server wrote. */
  log(): string;
  /** Ends the server, its extension hosts and all that those started. */
  stop(): Promise<void>;
}

const LOG_LIMIT = 100_000;
const READY = { server: /Extension host agent listening on (\d+)/, wrapper: /HTTP server listening on http:\/\/127\.0\.0\.1:(\d+)/ };
const FEW_BUILT_INS = ["theme-defaults", "theme-seti", "theme-modern-icons", "json", "javascript", "typescript-basics", "markdown-basics"];

/** Quiet, offline, and without the features that would stand beside Parley's own. */
export const quietSettings: Readonly<Record<string, unknown>> = {
  // The sample workspace lies inside of a clone, whose repository is not its own.
  "git.openRepositoryInParentFolders": "never",
  "telemetry.telemetryLevel": "off",
  "workbench.startupEditor": "none",
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "security.workspace.trust.enabled": false,
  "update.mode": "none",
  "extensions.autoUpdate": "off",
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "chat.disableAIFeatures": true,
  // Every port that any program opens would be offered to the reader.
  "remote.autoForwardPorts": false,
};

/** Starts the server and waits until it answers. Throws with the server's own words when it ends or hangs before that. */
export async function startEditorServer(options: EditorServerOptions): Promise<EditorServer> {
  writeSettings(options);
  let log = "";
  let heard: (port: number) => void = () => undefined;
  const listening = new Promise<number>((resolve) => (heard = resolve));
  const group = new ProcessGroup(process.execPath, commandLine(options), {
    env: environment(options),
    output: (text) => {
      log = (log + text).slice(-LOG_LIMIT);
      const match = READY[options.form].exec(log);
      if (match !== null) heard(Number(match[1]));
    },
  });
  const limit = options.startLimitMs ?? 60_000;
  const timer = Promise.withResolvers<never>();
  const handle = setTimeout(() => timer.reject(new Error(`VS Code's server did not start within ${limit / 1000} s:\n${log}`)), limit);
  const endedEarly = group.ended.then(({ code }) => Promise.reject(new Error(`VS Code's server ended with ${code}:\n${log}`)));
  endedEarly.catch(() => undefined);
  try {
    const port = await Promise.race([listening, timer.promise, endedEarly]);
    const url = `http://127.0.0.1:${port}/`;
    return { pid: group.pid, port, url, ended: group.ended.catch(() => undefined), log: () => log, stop: () => group.stop() };
  } catch (error) {
    await group.stop();
    throw error;
  } finally {
    clearTimeout(handle);
  }
}

function writeSettings({ folder, settings = quietSettings }: EditorServerOptions): void {
  // The machine's settings hold for windows on this server, the user's for all of a web window.
  for (const scope of ["Machine", "User"]) {
    const file = join(folder, "data", scope, "settings.json");
    if (existsSync(file)) continue;
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, `${JSON.stringify(scope === "User" ? settings : { "telemetry.telemetryLevel": "off" }, null, 2)}\n`);
  }
}

function commandLine(options: EditorServerOptions): string[] {
  return options.form === "wrapper" ? wrapperCommand(options) : serverCommand(options);
}

function wrapperCommand(options: EditorServerOptions): string[] {
  const { folder, socketFolder = folder, extensionsFolder, workspaceFolder, port = 0 } = options;
  const config = join(folder, "config.yaml");
  // Without a file of its own it would write one into the user's home.
  writeFileSync(config, "");
  const form = ["--config", config, "--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry", "--disable-update-check"];
  const place = ["--user-data-dir", join(folder, "data"), "--extensions-dir", extensionsFolder];
  const socket = ["--session-socket", join(socketFolder, "session.sock")];
  const look = ["--disable-getting-started-override", "--ignore-last-opened", "--disable-proxy", ...trust(options)];
  const development = options.developmentExtensions === true ? ["--vscode-option", "enable-smoke-test-driver"] : [];
  const opened = workspaceFolder === undefined ? [] : [workspaceFolder];
  return [join(codeServer, "out/node/entry.js"), ...form, ...place, ...socket, ...look, ...development, ...opened];
}

function serverCommand(options: EditorServerOptions): string[] {
  const form = ["--host", "127.0.0.1", "--port", String(options.port ?? 0), "--without-connection-token", "--accept-server-license-terms"];
  const place = ["--server-data-dir", options.folder, "--extensions-dir", options.extensionsFolder];
  const builtIns = options.fewBuiltIns === true ? ["--builtin-extensions-dir", linkFewBuiltIns(options.folder)] : [];
  const look = ["--telemetry-level", "off", ...trust(options)];
  const development = options.developmentExtensions === true ? ["--enable-smoke-test-driver"] : [];
  return [join(codeServer, "lib/vscode/out/server-main.js"), ...form, ...place, ...builtIns, ...look, ...development];
}

const trust = ({ workspaceTrust }: EditorServerOptions): readonly string[] =>
  workspaceTrust === true ? [] : ["--disable-workspace-trust"];

function linkFewBuiltIns(folder: string): string {
  const builtIns = join(folder, "built-in");
  mkdirSync(builtIns, { recursive: true });
  const present = new Set(readdirSync(builtIns));
  const missing = FEW_BUILT_INS.filter((name) => !present.has(name));
  for (const name of missing) symlinkSync(join(codeServer, "lib/vscode/extensions", name), join(builtIns, name), "junction");
  return builtIns;
}

/**
 * What the server inherits. Not what an editor around it left there: a terminal inside VS Code would make this server hand its
 * work to that editor. Not npm's and Node's own options, which are meant for this process, nor what code-server would take for
 * settings of its own.
 */
const KEPT_BACK =
  /^(VSCODE_|ELECTRON_|npm_|NODE_OPTIONS$|NODE_TEST_|NODE_V8_COVERAGE$|PARLEY_|CODE_SERVER_|CS_|PORT$|PASSWORD$|HASHED_PASSWORD$|GITHUB_TOKEN$|LOG_LEVEL$)/i;

function environment({ folder, socketFolder = folder, env = {} }: EditorServerOptions): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !KEPT_BACK.test(name))),
    // Its sockets; the default would leave them in the system's temporary folder.
    XDG_RUNTIME_DIR: socketFolder,
    // Without a gallery nothing is looked up on the network.
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    ...env,
  };
}
