// Runs tests inside the extension host of VS Code's web build, driven by a headless browser.

import { cpSync, existsSync, mkdirSync, openSync, readFileSync, readSync, rmSync, closeSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setInterval as every } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { launchBrowser, newPage, workbenchReady } from "./browser.ts";
import { type EditorServer, quietSettings, startEditorServer } from "./editor-server.ts";
import { inClone, temporaryFolder } from "./places.ts";

export interface InHostOptions {
  /** The extension that is tested first, then those that it is tested with. */
  readonly developmentPaths: readonly string[];
  /** A CommonJS module that exports `run()`. */
  readonly testsPath: string;
  /** The workspace; none when undefined. */
  readonly workspaceFolder?: string | undefined;
  /** Handed to the extension host. */
  readonly env?: Readonly<Record<string, string>>;
  readonly limitMs: number;
  /** Gets what the tests print, as it comes. */
  readonly print: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** 0 passed, 1 failed or did not come to its end, 124 out of time, 130 interrupted. */
export async function runInHost(options: InHostOptions): Promise<number> {
  const folder = temporaryFolder("host");
  const files = { output: join(folder, "output.txt"), mark: join(folder, "mark.txt") };
  try {
    const code = await runAndPrint(folder, options, files);
    // What is said here comes after all that the tests have printed.
    return code === 0 && !hasPassed(files.mark, options.print) ? 1 : code;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface HostFiles {
  readonly output: string;
  readonly mark: string;
}

/** Settles when everything that it started has ended, and what the tests have printed is printed to the end. */
async function runAndPrint(folder: string, options: InHostOptions, files: HostFiles): Promise<number> {
  writeFileSync(files.output, "");
  const stopPrinting = new AbortController();
  const printing = printGrowth(files.output, options.print, stopPrinting.signal);
  const [server, browser] = await Promise.allSettled([startServer(folder, options, files), launchBrowser()]);
  try {
    if (server.status === "rejected") throw server.reason;
    if (browser.status === "rejected") throw browser.reason;
    return await runToExit(server.value, browser.value, options);
  } finally {
    if (browser.status === "fulfilled") await browser.value.close().catch(() => undefined);
    if (server.status === "fulfilled") await server.value.stop();
    stopPrinting.abort();
    await printing;
  }
}

function startServer(folder: string, options: InHostOptions, files: HostFiles): Promise<EditorServer> {
  const extensionsFolder = join(folder, "extensions");
  mkdirSync(extensionsFolder);
  // The web build takes one extension under development. The others are installed, which for the tests is the same.
  for (const path of options.developmentPaths.slice(1)) cpSync(path, join(extensionsFolder, basename(path)), { recursive: true });
  return startEditorServer({
    form: "server",
    folder,
    extensionsFolder,
    developmentExtensions: true,
    fewBuiltIns: true,
    settings: { ...quietSettings, "git.enabled": false },
    env: { ...options.env, PARLEY_RIG_OUTPUT: files.output, PARLEY_RIG_MARK: files.mark, PARLEY_RIG_ENTRY: options.testsPath },
  });
}

/** Opens the workbench with the tests in its address and waits for the first thing that ends the run. */
async function runToExit(server: EditorServer, browser: Browser, options: InHostOptions): Promise<number> {
  const { promise: exit, resolve } = Promise.withResolvers<number>();
  let isOver = false;
  // The first end counts; what comes after it is the rig itself closing down.
  const end = (code: number, words?: string): void => {
    if (words !== undefined && !isOver) options.print(`${words}\n`);
    isOver = true;
    resolve(code);
  };
  const timer = setTimeout(() => end(124, `The tests did not end within ${options.limitMs / 1000} s.`), options.limitMs);
  const interrupted = (): void => end(130);
  options.signal?.addEventListener("abort", interrupted);
  void server.ended.then(() => end(1, `VS Code's server ended in the middle of the run:\n${server.log()}`));
  browser.on("disconnected", () => end(1, "The browser ended in the middle of the run."));
  try {
    const page = await newPage(browser);
    page.on("crash", () => end(1, "The workbench's page crashed."));
    // VS Code calls these two when it runs tests in a browser.
    await page.exposeFunction("codeAutomationLog", () => undefined);
    await page.exposeFunction("codeAutomationExit", (code: number) => end(code));
    await Promise.race([exit, openWorkbench(page, server, options)]);
    return await exit;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", interrupted);
  }
}

async function openWorkbench(page: Page, server: EditorServer, options: InHostOptions): Promise<void> {
  const remote = (path: string): string => `vscode-remote://127.0.0.1:${server.port}${path}`;
  const payload = [
    ...options.developmentPaths.slice(0, 1).map((path) => ["extensionDevelopmentPath", remote(path)]),
    ["extensionTestsPath", remote(inClone("out/rig/host-runner.cjs"))],
    ["skipWelcome", "true"],
  ];
  const url = new URL(server.url);
  if (options.workspaceFolder === undefined) url.searchParams.set("ew", "true");
  else url.searchParams.set("folder", options.workspaceFolder);
  url.searchParams.set("payload", JSON.stringify(payload));
  await page.goto(url.href);
  await workbenchReady(page);
}

function hasPassed(mark: string, print: (text: string) => void): boolean {
  const word = existsSync(mark) ? readFileSync(mark, "utf8") : "nothing";
  if (word === "passed") return true;
  print(`VS Code reported success, but the tests did not come to their end (mark: ${word}): the extension host must have died.\n`);
  return false;
}

/** Prints what is appended to a file until told to stop, then the rest. */
async function printGrowth(file: string, print: (text: string) => void, stop: AbortSignal): Promise<void> {
  const handle = openSync(file, "r");
  const decoder = new TextDecoder();
  const buffer = Buffer.alloc(65_536);
  const pump = (): void => {
    for (let length = readSync(handle, buffer); length > 0; length = readSync(handle, buffer))
      print(decoder.decode(buffer.subarray(0, length), { stream: true }));
  };
  try {
    for await (const _tick of every(200, undefined, { signal: stop })) pump();
  } catch {
    // Told to stop: the timer ends by an error.
  } finally {
    pump();
    closeSync(handle);
  }
}
