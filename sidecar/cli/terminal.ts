// The program's surroundings: what it writes to, reads from, and is stopped by. A reader that goes away (`| head`), Ctrl+C and
// SIGTERM all end in one signal, which cancels at the provider. A pipe or a file gets every byte as it is; a screen gets what
// is printable of it.

import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { PrintableText } from "./printable-text.ts";
import { decodeText, NO_TEXT, readBytes, TOO_LONG } from "./read-text.ts";
import { CommandError } from "./usage.ts";

/** What a write to a pipe that nobody reads any more fails with. */
const READER_GONE: ReadonlySet<unknown> = new Set(["EPIPE", "ECONNRESET", "EOF", "ERR_STREAM_DESTROYED"]);

/**
 * What a command ends with that is stopped from outside: 128 and the signal's number, as shells count. SIGHUP is not among them:
 * it would no longer be passed over under `nohup`.
 */
const STATUS_OF_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

export type StopSignal = keyof typeof STATUS_OF_SIGNAL;
export type StopStatus = (typeof STATUS_OF_SIGNAL)[StopSignal];

/** The part of Node's `process` that is used. */
export interface TerminalHost {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  on(event: StopSignal, listener: () => void): unknown;
  exit(code: number): void;
}

export class Terminal {
  readonly environment: NodeJS.ProcessEnv;
  readonly #out: TerminalHost["stdout"];
  readonly #err: TerminalHost["stderr"];
  readonly #in: TerminalHost["stdin"];
  readonly #abort = new AbortController();
  readonly #printable = new PrintableText();
  #stopStatus: StopStatus | undefined;
  #outputFailure: string | undefined;
  /** Whether the last line on the screen is a passing one. */
  #progressShown = false;

  constructor(host: TerminalHost) {
    this.environment = host.env;
    this.#out = host.stdout;
    this.#err = host.stderr;
    this.#in = host.stdin;
    this.#out.on("error", (error) => this.#onOutputError(error));
    this.#err.on("error", () => undefined);
    for (const name of ["SIGINT", "SIGTERM"] as const) host.on(name, () => this.#onStop(STATUS_OF_SIGNAL[name], host));
  }

  /** Aborted by Ctrl+C and by SIGTERM (a second one ends the process at once) and when the output takes no more. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** What the process is to end with because it was told to stop; undefined as long as it was not. */
  get stopStatus(): StopStatus | undefined {
    return this.#stopStatus;
  }

  /** Why the output could not be written, such as a full disk. A reader that has gone away is no failure. */
  get outputFailure(): string | undefined {
    return this.#outputFailure;
  }

  /** Resolves when the output has taken it, so that a slow reader slows the provider's stream and fills no memory. */
  async write(text: string): Promise<void> {
    if (text === "" || this.#out.destroyed || this.#outputFailure !== undefined) return;
    this.#clearProgress();
    if (this.#tryWrite(this.#out.isTTY === true ? this.#printable.push(text) : text)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const event of ["drain", "close", "error"]) this.#out.once(event, resolve);
    await promise;
    for (const event of ["drain", "close", "error"]) this.#out.off(event, resolve);
  }

  /** One line each. Control characters are escaped, C1 too, so that it is the same JSON on a screen. */
  writeJson(...values: readonly object[]): Promise<void> {
    return this.write(values.map((value) => `${JSON.stringify(value).replaceAll(/\p{Cc}/gu, escaped)}\n`).join(""));
  }

  /** For people, on the error output, so that the output holds the answer and nothing else. */
  note(text: string): void {
    this.#clearProgress();
    const line = `parley: ${text}\n`;
    this.#err.write(this.#err.isTTY === true ? new PrintableText().push(line) : line);
  }

  /** A passing line, for somebody who watches; a log or a pipe is spared it. The next output takes its place. */
  progress(text: string): void {
    if (this.#err.isTTY !== true) return;
    this.#clearProgress();
    this.#err.write(text);
    this.#progressShown = text !== "";
  }

  /** The whole standard input as text. Throws `CommandError` for one that is too long or no text; "" once stopped. */
  async readInput(): Promise<string> {
    if (this.#in.isTTY === true) this.note("reading the prompt from the terminal; Ctrl+D ends it.");
    const stop = (): void => void this.#in.destroy();
    this.signal.addEventListener("abort", stop);
    try {
      const bytes = await readBytes(this.#in);
      if (bytes === undefined) throw new CommandError(`The input ${TOO_LONG}.`);
      const text = decodeText(bytes);
      if (text === undefined) throw new CommandError(`The input ${NO_TEXT}.`);
      return text;
    } catch (error) {
      if (this.signal.aborted) return "";
      throw error instanceof CommandError ? error : new CommandError(`The input cannot be read: ${String(error)}`);
    } finally {
      this.signal.removeEventListener("abort", stop);
    }
  }

  /** Whether somebody is there who can be asked. */
  get isInteractive(): boolean {
    return this.#in.isTTY === true && this.#err.isTTY === true;
  }

  /** Asks on the error output. True for "y" or "yes"; false for anything else, the input's end, and once stopped. */
  async confirm(question: string): Promise<boolean> {
    this.#clearProgress();
    this.#err.write(new PrintableText().push(`parley: ${question} [y/N] `));
    const lines = createInterface({ input: this.#in, terminal: false });
    const { promise, resolve } = Promise.withResolvers<string>();
    const stop = (): void => lines.close();
    lines.once("line", resolve);
    lines.once("close", () => resolve(""));
    this.signal.addEventListener("abort", stop);
    try {
      return /^\s*y(?:es)?\s*$/iu.test(await promise);
    } finally {
      this.signal.removeEventListener("abort", stop);
      lines.close();
    }
  }

  /** True when more can be written at once. A file fails by throwing, a pipe by an event. */
  #tryWrite(text: string): boolean {
    try {
      return this.#out.write(text);
    } catch (error) {
      this.#onOutputError(error);
      return true;
    }
  }

  #onStop(status: StopStatus, host: TerminalHost): void {
    if (this.#stopStatus !== undefined) host.exit(status);
    this.#stopStatus ??= status;
    this.#abort.abort();
  }

  #onOutputError(error: unknown): void {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (!READER_GONE.has(code)) this.#outputFailure ??= error instanceof Error ? error.message : String(error);
    this.#abort.abort();
  }

  #clearProgress(): void {
    if (this.#progressShown) this.#err.write("\r\u001B[K");
    this.#progressShown = false;
  }
}

function escaped(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
