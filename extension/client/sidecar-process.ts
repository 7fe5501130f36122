// One life of the sidecar: a child process, a JSON-RPC connection over its file descriptor 3, a handshake, an end.
//
// The protocol has a pipe of its own, so that nothing a library prints can damage a message; stdout and stderr are logs.
// The child is not detached, has no console window, and sees only the environment it was given.

import { type ChildProcess, spawn } from "node:child_process";
import { dirname } from "node:path";
import { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import {
  type CancellationToken,
  ConnectionError,
  ErrorCodes,
  type MessageConnection,
  type NotificationType,
  type RequestParam,
  type RequestType,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
  Trace,
  createMessageConnection,
} from "vscode-jsonrpc/node";
import { Initialize, type InitializeParams, type InitializeResult, Ping, PROTOCOL_VERSION, Shutdown } from "../../sidecar/protocol.ts";
import type { Event } from "../event.ts";
import { limitAwakeTime } from "./awake-time.ts";
import { HealthWatch } from "./health-watch.ts";
import { forEachLine } from "./log-lines.ts";
import { HEAP_FLAGS } from "./sidecar-environment.ts";
import { RequestCancelled, SidecarUnavailable, requestFailure } from "./request-failure.ts";

export interface SidecarLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** One line that the sidecar printed. */
  sidecar(line: string, source: "stdout" | "stderr"): void;
}

/** A line for each message on the pipe, without what is in it: keys and people's words travel there. */
export interface MessageTrace {
  readonly enabled: boolean;
  readonly onDidChange: Event<boolean>;
  write(line: string): void;
}

export interface LaunchOptions {
  /** The Node to run: the editor's own executable. */
  readonly executable: string;
  /** Node's own flags, which come before the bundle. */
  readonly flags?: readonly string[];
  /** Absolute path of the sidecar's bundle. */
  readonly bundle: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Milliseconds from spawn to the handshake's answer. */
  readonly handshakeMs: number;
  readonly initialize: InitializeParams;
  /** Gives the start up: the process is killed and `launch` rejects. Of no effect afterwards. */
  readonly signal: AbortSignal;
  /** Registers what the sidecar may ask and tell, before the first message is read. */
  readonly wire: (connection: MessageConnection) => void;
  readonly log: SidecarLog;
  readonly trace?: MessageTrace;
  /** Milliseconds between two looks at whether it still lives; null: a debugger may hold it as long as it likes. Default 1,000. */
  readonly healthStepMs?: number | null;
}

/** How the process ended. `asked`: by `stop`. */
export interface SidecarEnd {
  readonly asked: boolean;
  /** One sentence for people. */
  readonly reason: string;
}

/** The sidecar is of another version: starting it again would not help. */
export class WrongVersion extends Error {
  override readonly name = "WrongVersion";
}

/** Milliseconds that a sidecar has to end by itself after it was asked, and after its pipe was closed. */
const SHUTDOWN_MS = 1_500;
const PIPE_CLOSED_MS = 500;
/** Lines of output kept for the reason of a crash. */
const KEPT_LINES = 5;

export class SidecarProcess {
  readonly #child: ChildProcess;
  readonly #connection: MessageConnection;
  readonly #log: SidecarLog;
  readonly #lastLines: string[] = [];
  #asked = false;
  #hasEnded = false;
  #killedFor: string | undefined;
  #reason = "The sidecar has ended.";
  #info: InitializeResult | undefined;

  /** Settles once, when the process is gone. Never rejects. By then every pending request was rejected with the reason. */
  readonly ended: Promise<SidecarEnd>;

  /** Spawns and shakes hands. Throws `WrongVersion`, or `SidecarUnavailable` when it ends or does not answer in time; the process is gone by then. */
  static async launch(options: LaunchOptions): Promise<SidecarProcess> {
    const sidecar = new SidecarProcess(options);
    const giveUp = (): void => sidecar.#kill("its start was given up");
    options.signal.addEventListener("abort", giveUp, { once: true });
    try {
      await sidecar.#handshake(options);
      sidecar.#watchHealth(options);
      return sidecar;
    } catch (error) {
      sidecar.#kill("it did not complete the handshake");
      const end = await sidecar.ended;
      if (error instanceof WrongVersion) throw error;
      throw new SidecarUnavailable("ended", sidecar.#killedFor === undefined ? end.reason : describe(error), { cause: error });
    } finally {
      options.signal.removeEventListener("abort", giveUp);
    }
  }

  private constructor(options: LaunchOptions) {
    this.#log = options.log;
    this.#child = spawn(options.executable, [...HEAP_FLAGS, ...(options.flags ?? []), options.bundle], {
      // Not the workspace: a running process would hold that folder on Windows.
      cwd: dirname(options.bundle),
      env: options.environment,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      detached: false,
      windowsHide: true,
    });
    this.ended = this.#watchEnd();
    this.#readLogs();
    this.#connection = this.#connect(options);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What the sidecar said of itself in the handshake. */
  get info(): InitializeResult {
    if (this.#info === undefined) throw new Error("The handshake has not been completed.");
    return this.#info;
  }

  /** Rejects with the sidecar's error, with the reason once the process has ended, or as cancelled. */
  async request<P, R, E>(type: RequestType<P, R, E>, params: NoInfer<RequestParam<P>>, token?: CancellationToken): Promise<R> {
    if (this.#hasEnded) throw new SidecarUnavailable("ended", this.#reason);
    if (token?.isCancellationRequested === true) throw new RequestCancelled();
    try {
      return await this.#connection.sendRequest(type, params, token);
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      // A pipe breaks some moments before the process is known to be gone; one that lives on without its pipe is killed.
      throw new SidecarUnavailable("ended", (await this.ended).reason, { cause: error });
    }
  }

  /** Does nothing once the process has ended. */
  notify<P>(type: NotificationType<P>, params: NoInfer<RequestParam<P>>): void {
    if (this.#hasEnded) return;
    this.#connection.sendNotification(type, params).catch((error: unknown) => {
      if (!this.#hasEnded) this.#log.warn(`A message to the sidecar was not sent: ${describe(error)}`);
    });
  }

  /** Asks, waits, closes the pipe, kills. Resolves when the process is gone; never rejects. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    this.#asked = true;
    const asked = this.#connection.sendRequest(Shutdown, null).catch(() => {});
    await Promise.race([
      this.ended,
      delay(SHUTDOWN_MS, undefined, { ref: false }),
      asked.then(() => delay(PIPE_CLOSED_MS, undefined, { ref: false })),
    ]);
    if (this.#hasEnded) return;
    // The end of the pipe alone must end it too: that is what happens when the editor itself is gone.
    this.#pipe().end();
    await Promise.race([this.ended, delay(PIPE_CLOSED_MS, undefined, { ref: false })]);
    this.#kill("it did not end when it was asked");
    await this.ended;
  }

  async #handshake(options: LaunchOptions): Promise<void> {
    const answer = this.#connection.sendRequest(Initialize, options.initialize);
    const limit = limitAwakeTime(options.handshakeMs, () => new Error(`It did not answer within ${options.handshakeMs / 1000} s.`));
    try {
      this.#info = await Promise.race([answer, limit.exceeded, this.#endedEarly()]);
    } catch (error) {
      if (requestFailure(error)?.code === "wrong-version") throw new WrongVersion(describe(error));
      throw error;
    } finally {
      limit.dispose();
      answer.catch(() => {});
    }
    if (this.#info.protocolVersion !== PROTOCOL_VERSION) {
      throw new WrongVersion(
        `The sidecar speaks version ${this.#info.protocolVersion} of the protocol, the extension version ${PROTOCOL_VERSION}.`,
      );
    }
    const { version } = options.initialize.client;
    if (this.#info.version !== version) {
      throw new WrongVersion(
        `The sidecar is of version ${this.#info.version}, the extension of version ${version}: Parley was updated meanwhile. Reload the window.`,
      );
    }
  }

  /** Bytes are signs of life as they come: a long queue of messages that are still to be handled must not look like silence. */
  #watchHealth({ healthStepMs }: LaunchOptions): void {
    if (healthStepMs === null) return;
    const watch = new HealthWatch({
      ping: () => void this.#connection.sendRequest(Ping, null).catch(() => {}),
      onDead: () => this.#kill("it gave no sign of life any more although it was asked for one"),
      onStarved: (ms) => this.#log.warn(`The extension host stood still for ${(ms / 1000).toFixed(1)} s. The sidecar is not to blame.`),
      ...(healthStepMs !== undefined && { stepMs: healthStepMs }),
    });
    this.#pipe().on("data", () => watch.heard());
    void this.ended.then(() => watch.dispose());
  }

  async #endedEarly(): Promise<never> {
    const end = await this.ended;
    throw new SidecarUnavailable("ended", end.reason);
  }

  #connect(options: LaunchOptions): MessageConnection {
    const pipe = this.#pipe();
    const connection = createMessageConnection(new StreamMessageReader(pipe), new StreamMessageWriter(pipe), {
      error: (message) => options.log.error(message),
      warn: (message) => options.log.warn(message),
      info: (message) => options.log.info(message),
      log: (message) => options.log.info(message),
    });
    // A pipe that is broken or carries something else than messages is of no more use, also while the process lives on.
    connection.onError(([error]) => this.#pipeBroke(`the connection broke (${error.message})`));
    connection.onClose(() => this.#pipeBroke("it closed the connection"));
    options.wire(connection);
    connection.listen();
    if (options.trace !== undefined) this.#follow(connection, options.trace);
    return connection;
  }

  #follow(connection: MessageConnection, trace: MessageTrace): void {
    const set = (enabled: boolean): void => {
      // The tracer is given contents only at higher levels than this.
      void connection.trace(enabled ? Trace.Messages : Trace.Off, { log: (line: unknown) => trace.write(String(line)) }, false);
    };
    if (trace.enabled) set(true);
    const listener = trace.onDidChange(set);
    void this.ended.then(() => listener.dispose());
  }

  #pipe(): Duplex {
    const pipe = this.#child.stdio[3];
    if (!(pipe instanceof Duplex)) throw new Error("The sidecar has no pipe.");
    return pipe;
  }

  #pipeBroke(why: string): void {
    // A crash breaks the pipe first and is reported a moment later: then the exit code is the better reason. After the time is
    // over the event loop is given a turn, in which a host that stood still meanwhile hears of the exit.
    const timer = setTimeout(() => setImmediate(() => this.#kill(why)), PIPE_CLOSED_MS);
    void this.ended.then(() => clearTimeout(timer));
  }

  #kill(why: string): void {
    if (this.#hasEnded) return;
    this.#killedFor ??= why;
    this.#child.kill("SIGKILL");
  }

  #readLogs(): void {
    for (const source of ["stdout", "stderr"] as const) {
      const stream = this.#child[source];
      if (stream === null) continue;
      forEachLine(stream, (line) => {
        this.#lastLines.push(line);
        if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift();
        this.#log.sidecar(line, source);
      });
    }
  }

  #watchEnd(): Promise<SidecarEnd> {
    return new Promise((resolve) => {
      const end = (what: string): void => {
        if (this.#hasEnded) return;
        this.#hasEnded = true;
        this.#reason = this.#killedFor === undefined ? `The sidecar ${what}.` : `The sidecar was ended: ${this.#killedFor}.`;
        this.#connection.dispose();
        resolve({ asked: this.#asked, reason: this.#reason });
      };
      // A process that could not be started at all: there is no exit to wait for.
      this.#child.once("error", (error) => {
        if (this.#child.pid === undefined) end(`could not be started (${error.message})`);
      });
      this.#child.once("exit", (code, signal) => {
        const what = signal === null ? `ended with exit code ${code}` : `was ended by the signal ${signal}`;
        // Its last words are often still on the way. Waiting for `close` alone would wait for a grandchild that holds the pipe.
        void Promise.race([new Promise((closed) => this.#child.once("close", closed)), delay(50)]).then(() => {
          const said = this.#lastLines.at(-1);
          end(code !== 0 && said !== undefined && !this.#asked ? `${what}: ${said.slice(0, 300)}` : what);
        });
      });
    });
  }
}

/** The connection ended before the answer came, as against an answer that is an error. */
function isLostConnection(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  return (
    error instanceof ResponseError && (error.code === ErrorCodes.PendingResponseRejected || error.code === ErrorCodes.MessageWriteError)
  );
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
