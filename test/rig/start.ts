// `npm start`: VS Code with Parley in it, on a sample workspace. The desktop editor where a fitting one is found, VS Code's web
// build otherwise. What a person does in it is kept in `.cache/start` from one run to the next.

import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SetupError } from "../../bootstrap.mjs";
import { type DesktopEditor, findDesktopEditor, startDesktopEditor } from "./desktop-editor.ts";
import { quietSettings, startEditorServer } from "./editor-server.ts";
import { ensureEditor, ensureLocalRuntime } from "./install.ts";
import { inClone, startFolder, temporaryFolder } from "./places.ts";
import { runStep } from "./run-step.ts";
import { installVsix, makeVsix } from "./vsix.ts";

const DEFAULT_PORT = 8722;
const USAGE = `Usage: npm start -- [--web | --desktop] [--port N] [--no-open]
  --web       VS Code's web build, even where a desktop editor is found
  --desktop   the desktop editor, or an error that says why none fits
  --port N    the port of the web build (default ${DEFAULT_PORT}, or the next free one)
  --no-open   do not open a browser`;

/** The first window shows what the sample is. */
const settings = { ...quietSettings, "workbench.startupEditor": "readme" };

interface StartOptions {
  readonly editor: "web" | "desktop" | "either";
  readonly port?: number;
  readonly open: boolean;
}

/** What runs, until the person or the editor ends it. */
interface Running {
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

/** The options, or a string that says what is wrong with them. */
function readOptions(args: readonly string[]): StartOptions | string {
  const { values } = parseArgs({
    args: [...args],
    options: { web: { type: "boolean" }, desktop: { type: "boolean" }, port: { type: "string" }, "no-open": { type: "boolean" } },
  });
  if (values.web === true && values.desktop === true) return "--web and --desktop exclude each other.";
  if (values.desktop === true && values.port !== undefined) return "--port is for the web build.";
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    return `--port ${values.port} is not a port (1 to 65535).`;
  return {
    // A port asks for the web build.
    editor: values.web === true || port !== undefined ? "web" : values.desktop === true ? "desktop" : "either",
    ...(port === undefined ? {} : { port }),
    open: values["no-open"] !== true,
  };
}

function chooseDesktop(options: StartOptions): DesktopEditor | undefined {
  if (options.editor === "web") return undefined;
  const { engines }: { readonly engines: { readonly vscode: string } } = JSON.parse(readFileSync(inClone("package.json"), "utf8"));
  const { editor, misfits } = findDesktopEditor(engines.vscode, join(startFolder, "desktop/user-data"));
  if (editor === undefined && options.editor === "desktop") {
    const found = misfits.length === 0 ? "none was found" : misfits.join("; ");
    throw new SetupError(
      `No desktop VS Code fits: ${found}. Install VS Code ${engines.vscode.slice(1)} or newer, or use npm start -- --web.`,
    );
  }
  return editor;
}

async function build(): Promise<string> {
  await ensureLocalRuntime();
  console.log("Building …");
  await runStep("The build", process.execPath, [inClone("esbuild.mjs"), "--production"], inClone());
  const vsix = inClone(".cache/package/parley.vsix");
  await makeVsix(vsix);
  return vsix;
}

/** A copy that the person may change; files that are there already stay as they are. */
function prepareWorkspace(): string {
  const workspace = join(startFolder, "tea-shop");
  mkdirSync(startFolder, { recursive: true });
  cpSync(inClone("test/fixtures/sample-workspace"), workspace, { recursive: true, force: false });
  return workspace;
}

async function startDesktop(editor: DesktopEditor, vsix: string, workspaceFolder: string): Promise<Running> {
  console.log(`Starting VS Code ${editor.version} (${editor.command}) with settings and extensions of its own …`);
  const folder = join(startFolder, "desktop");
  mkdirSync(folder, { recursive: true });
  const running = await startDesktopEditor({ editor, folder, workspaceFolder, vsix, settings });
  console.log("\n  Parley is in the activity bar of the new window. Close the window or press Ctrl+C to end.\n");
  return running;
}

async function startWeb(port: number, open: boolean, vsix: string, workspaceFolder: string): Promise<Running> {
  await ensureEditor();
  console.log("Starting VS Code's web build …");
  const folder = join(startFolder, "web");
  const extensionsFolder = join(folder, "extensions");
  mkdirSync(extensionsFolder, { recursive: true });
  await installVsix(vsix, { serverFolder: folder, extensionsFolder });
  const socketFolder = temporaryFolder("start");
  // At the same address the browser finds its storage, and with it the secrets, again.
  const server = await startEditorServer({ form: "wrapper", folder, socketFolder, extensionsFolder, port, workspaceFolder, settings });
  console.log(`\n  Parley is ready: ${server.url}\n  Ctrl+C stops it.\n`);
  if (open) openBrowser(server.url);
  return {
    ended: server.ended.then(() => Promise.reject(new Error(`VS Code's server ended:\n${server.log().slice(-2_000)}`))),
    stop: async () => {
      await server.stop();
      rmSync(socketFolder, { recursive: true, force: true });
    },
  };
}

async function choosePort(wanted: number | undefined): Promise<number> {
  if (wanted !== undefined) {
    if (!(await isFree(wanted))) throw new SetupError(`Port ${wanted} is taken. Choose another: npm start -- --port N`);
    return wanted;
  }
  for (let port = DEFAULT_PORT; port < DEFAULT_PORT + 50; port++) {
    if (!(await isFree(port))) continue;
    if (port !== DEFAULT_PORT) console.log(`Port ${DEFAULT_PORT} is taken; using ${port}. Keys entered at another port are not seen here.`);
    return port;
  }
  throw new SetupError(`Ports ${DEFAULT_PORT} to ${DEFAULT_PORT + 49} are all taken. Choose one: npm start -- --port N`);
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = createServer();
  probe.once("error", () => resolve(false));
  probe.listen({ port, host: "127.0.0.1" }, () => probe.close(() => resolve(true)));
  return promise;
}

/** Best effort: the address has been printed. */
function openBrowser(url: string): void {
  const hasDisplay = (process.env["DISPLAY"] ?? "") !== "" || (process.env["WAYLAND_DISPLAY"] ?? "") !== "";
  if (process.platform === "linux" && !hasDisplay) return;
  const [command, args]: [string, string[]] =
    process.platform === "darwin"
      ? ["open", [url]]
      : process.platform === "win32"
        ? ["cmd", ["/c", "start", "", url]]
        : ["xdg-open", [url]];
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  child.once("error", () => undefined);
  child.unref();
}

/** Resolves at the first request to stop: Ctrl+C, a signal, or the end of the bootstrap. */
function stopRequested(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
  process.on("disconnect", () => resolve());
  process.channel?.unref();
  return promise;
}

async function launch(options: StartOptions): Promise<Running> {
  const desktop = chooseDesktop(options);
  const port = desktop === undefined ? await choosePort(options.port) : 0;
  const vsix = await build();
  const workspace = prepareWorkspace();
  return desktop === undefined ? startWeb(port, options.open, vsix, workspace) : startDesktop(desktop, vsix, workspace);
}

async function main(): Promise<number> {
  let options: StartOptions | string;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    options = error instanceof Error ? error.message : String(error);
  }
  if (typeof options === "string") {
    console.error(`${options}\n${USAGE}`);
    return 2;
  }
  const stop = stopRequested().then((): "stop" => "stop");
  const running = await Promise.race([launch(options), stop]);
  // What the preparation had started ends with this process.
  if (running === "stop") return 130;
  try {
    if ((await Promise.race([running.ended, stop])) === "stop") console.log("Stopping …");
  } finally {
    await running.stop();
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof SetupError)) console.error(error);
  console.error(`\nparley: ${error instanceof SetupError ? error.message : "npm start failed; the error is above."}`);
  process.exitCode = 1;
}
// A step that was cut short may still hold the event loop; its process group is ended at exit.
process.exit();
