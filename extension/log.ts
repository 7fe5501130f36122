// The only writer of Parley's output channel, and of the files beside it. Levels are the channel's own: *Developer: Set Log
// Level…* sets them. The files hold every line but the trace of messages.

import * as vscode from "vscode";
import type { MessageTrace, SidecarLog } from "./client/sidecar-process.ts";
import { type Disposable, DisposableStore } from "./dispose.ts";
import { Emitter } from "./event.ts";
import { LogFile } from "./log-file.ts";

/** A shorter secret would also take ordinary words out of the log. */
const MIN_SECRET = 8;

type Level = "debug" | "info" | "warn" | "error";

export class Log implements SidecarLog, Disposable {
  readonly #store = new DisposableStore();
  readonly #channel: vscode.LogOutputChannel;
  readonly #tracing = this.#store.add(new Emitter<boolean>());
  readonly #secrets = new Set<string>();
  readonly #file: LogFile | undefined;

  /** Messages on the sidecar's pipe, at the channel's level *Trace*. */
  readonly messages: MessageTrace;

  /** `folder`: the editor's own for this window's logs of this extension. */
  constructor(folder: vscode.Uri) {
    this.#file = folder.scheme === "file" ? this.#store.add(new LogFile({ folder: folder.fsPath })) : undefined;
    const channel = this.#store.add(vscode.window.createOutputChannel("Parley", { log: true }));
    const tracing = this.#tracing;
    this.#channel = channel;
    this.#store.add(channel.onDidChangeLogLevel((level) => tracing.fire(level === vscode.LogLevel.Trace)));
    this.messages = {
      get enabled() {
        return channel.logLevel === vscode.LogLevel.Trace;
      },
      onDidChange: tracing.event,
      write: (line) => channel.trace(this.#clean(line)),
    };
  }

  info(message: string): void {
    this.#write("info", message);
  }

  warn(message: string): void {
    this.#write("warn", message);
  }

  error(message: string): void {
    this.#write("error", message);
  }

  sidecar(line: string, source: "stdout" | "stderr"): void {
    // The sidecar's own lines begin with their level; anything else was printed by a library.
    const [, level = source === "stdout" ? "debug" : "info", text = line] = /^(debug|info|warn|error): (.*)$/s.exec(line) ?? [];
    this.#write(isLevel(level) ? level : "info", `[sidecar] ${text}`);
  }

  /**
   * Nothing that holds a key is meant to be logged. Should a server repeat the key in its answer all the same, it is taken
   * out of the line.
   */
  hide(secret: string): void {
    if (secret.length >= MIN_SECRET) this.#secrets.add(secret);
  }

  show(): void {
    this.#channel.show(true);
  }

  dispose(): void {
    this.#store.dispose();
  }

  #write(level: Level, message: string): void {
    const clean = this.#clean(message);
    this.#channel[level](clean);
    this.#file?.write(`${new Date().toISOString()} [${level}] ${clean}`);
  }

  #clean(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, "[key]");
    return clean;
  }
}

function isLevel(word: string): word is Level {
  return ["debug", "info", "warn", "error"].includes(word);
}
