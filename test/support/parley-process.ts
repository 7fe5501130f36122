// `parley` as a process of its own, bundled once for each test process (which starts three times faster than the sources), with
// an environment that holds nothing of ours.

import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export interface ParleyOptions {
  readonly env?: { readonly [name: string]: string };
  /** Written to its input, which then ends. Without it the input ends at once. */
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
  /** Default: `sidecar/cli.ts` as it is now. */
  readonly program?: string;
}

export interface ParleyEnd {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const inRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
/** One folder below the root, as `dist/` is, and none that a build empties: the program looks for package.json beside its folder. */
export const parleyBundle = inRoot(`.cache/cli-of-test-${process.pid}.mjs`);
/** vscode-jsonrpc and undici are CommonJS and call `require`. */
const banner = 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

await build({
  entryPoints: [inRoot("sidecar/cli.ts")],
  outfile: parleyBundle,
  bundle: true,
  platform: "node",
  format: "esm",
  banner: { js: banner },
  external: ["node-llama-cpp"],
  logLevel: "error",
});
process.once("exit", () => rmSync(parleyBundle, { force: true }));

/** Beyond this a process that should have ended is taken to hang. */
const END_MS = 120_000;

export class ParleyProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<ParleyEnd>;
  #stdout = "";
  #stderr = "";

  constructor(args: readonly string[], { env = {}, input = "", cwd = process.cwd(), program = parleyBundle }: ParleyOptions = {}) {
    const inherited = { PATH: process.env["PATH"], SystemRoot: process.env["SystemRoot"], TEMP: process.env["TEMP"] };
    this.child = spawn(process.execPath, [program, ...args], { cwd, env: { ...inherited, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => (this.#stdout += text));
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    // A program that ends before it has read its input breaks this pipe; that is its right.
    this.child.stdin.on("error", () => undefined);
    this.child.stdin.end(input);
    this.#ended = this.#untilClosed();
  }

  /** Resolves when it has ended and everything it wrote was read. */
  get ended(): Promise<ParleyEnd> {
    return this.#ended;
  }

  /** As Ctrl+C does it. */
  interrupt(): void {
    this.child.kill("SIGINT");
  }

  /** As a supervisor, a time limit or a closed session does it. */
  terminate(): void {
    this.child.kill("SIGTERM");
  }

  async #untilClosed(): Promise<ParleyEnd> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.child.kill("SIGKILL");
    }, END_MS);
    await once(this.child, "close");
    clearTimeout(timer);
    const { exitCode: status, signalCode: signal } = this.child;
    if (late) throw new Error(`parley did not end within ${END_MS} ms.\n${this.#stdout}\n${this.#stderr}`);
    return { status, signal, stdout: this.#stdout, stderr: this.#stderr };
  }
}

export function parley(args: readonly string[], options: ParleyOptions = {}): Promise<ParleyEnd> {
  return new ParleyProcess(args, options).ended;
}
