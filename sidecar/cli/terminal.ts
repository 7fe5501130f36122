// The program's surroundings: what it writes to, reads from, and is interrupted by. A reader that goes away (`| head`) and
// Ctrl+C both end in one signal, which cancels at the provider.

import type { Readable, Writable } from "node:stream";

/** Characters of standard input that are read: more fits no model. */
const INPUT_LIMIT = 32 * 1024 * 1024;

/** The part of Node's `process` that is used. */
export interface TerminalHost {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean };
  on(event: "SIGINT", listener: () => void): unknown;
  exit(code: number): void;
}

export class Terminal {
  readonly environment: NodeJS.ProcessEnv;
  readonly #out: Writable;
  readonly #err: TerminalHost["stderr"];
  readonly #in: TerminalHost["stdin"];
  readonly #abort = new AbortController();
  #interrupted = false;
  /** Whether the last line on the screen is a passing one. */
  #progressShown = false;

  constructor(host: TerminalHost) {
    this.environment = host.env;
    this.#out = host.stdout;
    this.#err = host.stderr;
    this.#in = host.stdin;
    // The reader has what it wanted. That is no failure, and nobody is left to be told.
    this.#out.on("error", () => this.#abort.abort());
    this.#err.on("error", () => undefined);
    host.on("SIGINT", () => {
      if (this.#interrupted) host.exit(130);
      this.#interrupted = true;
      this.#abort.abort();
    });
  }

  /** Aborted by Ctrl+C (a second one ends the process at once) and when nobody reads the output any more. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Resolves when the output has taken it, so that a slow reader slows the provider's stream and fills no memory. */
  async write(text: string): Promise<void> {
    if (text === "" || this.#out.destroyed) return;
    this.#clearProgress();
    if (this.#out.write(text)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const event of ["drain", "close", "error"]) this.#out.once(event, resolve);
    await promise;
    for (const event of ["drain", "close", "error"]) this.#out.off(event, resolve);
  }

  writeJson(value: object): Promise<void> {
    return this.write(`${JSON.stringify(value)}\n`);
  }

  /** For people, on the error output, so that the output holds the answer and nothing else. */
  note(text: string): void {
    this.#clearProgress();
    this.#err.write(`parley: ${text}\n`);
  }

  /** A passing line, for somebody who watches; a log or a pipe is spared it. The next output takes its place. */
  progress(text: string): void {
    if (this.#err.isTTY !== true) return;
    this.#clearProgress();
    this.#err.write(text);
    this.#progressShown = text !== "";
  }

  #clearProgress(): void {
    if (this.#progressShown) this.#err.write("\r\u001B[K");
    this.#progressShown = false;
  }

  /** The whole standard input. Throws an `Error` for one that is too long; stops when the signal is aborted. */
  async readInput(): Promise<string> {
    if (this.#in.isTTY === true) this.note("reading the prompt from the terminal; Ctrl+D ends it.");
    this.#in.setEncoding("utf8");
    const stop = (): void => void this.#in.destroy();
    this.signal.addEventListener("abort", stop);
    try {
      let text = "";
      for await (const piece of this.#in) {
        text += String(piece);
        if (text.length > INPUT_LIMIT) throw new Error(`The input is longer than ${INPUT_LIMIT / 1024 / 1024} million characters.`);
      }
      return text;
    } catch (error) {
      if (this.signal.aborted) return "";
      throw error;
    } finally {
      this.signal.removeEventListener("abort", stop);
    }
  }
}
