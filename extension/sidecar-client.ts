// The sidecar as the rest of the extension sees it: something that answers requests. It is started on first need,
// started again after a crash, given up after a crash loop, and ended with the extension. What a request needs to know
// of all this is one rejection with a reason.

import { setTimeout as delay } from "node:timers/promises";
import type { CancellationToken, HandlerResult, MessageConnection, NotificationType, RequestParam, RequestType } from "vscode-jsonrpc";
import type { SidecarState } from "../media/protocol.ts";
import type { InitializeParams, InitializeResult } from "../sidecar/protocol.ts";
import { RequestCancelled, SidecarUnavailable } from "./client/request-failure.ts";
import { RestartPolicy } from "./client/restart-policy.ts";
import type { MessageTrace, SidecarEnd, SidecarLog, SidecarProcess } from "./client/sidecar-process.ts";
import type { Disposable } from "./dispose.ts";
import { Emitter } from "./event.ts";

export interface SidecarStatus {
  readonly state: SidecarState;
  /** With `restarting` and `failed`: why the last one ended, in a sentence for people. */
  readonly reason?: string;
  /** With `failed`: how often it crashed. Absent where starting again cannot help. */
  readonly crashes?: number;
  /** With `ready`. */
  readonly info?: InitializeResult;
}

export interface SidecarClientOptions {
  readonly executable: string;
  readonly flags?: readonly string[];
  readonly bundle: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: SidecarLog;
  readonly trace?: MessageTrace;
  /** Asked anew for each start, so that a restarted sidecar gets the settings of now. */
  readonly initialize: () => InitializeParams;
  /** Runs after each handshake and before any other request: what the sidecar must know first, such as keys. */
  readonly prepare?: (sidecar: SidecarProcess) => Promise<void>;
  /** The crash limit and the back-off. */
  readonly policy?: RestartPolicy;
  /** See `LaunchOptions`. */
  readonly healthStepMs?: number | null;
  /** Milliseconds; generous, since a machine that starts an editor is busy. */
  readonly handshakeMs?: number;
}

const HANDSHAKE_MS = 30_000;

export class SidecarClient implements Disposable {
  readonly #options: SidecarClientOptions;
  readonly #policy: RestartPolicy;
  readonly #changed = new Emitter<SidecarStatus>();
  readonly #wiring: ((connection: MessageConnection) => void)[] = [];
  #status: SidecarStatus = { state: "stopped" };
  #process: SidecarProcess | null = null;
  /** The start or restart in progress, with the means to give it up. */
  #coming: { readonly ready: Promise<SidecarProcess>; readonly abort: AbortController } | null = null;
  #stopped = false;

  /** Fires after each change of the state. */
  readonly onDidChangeStatus = this.#changed.event;

  constructor(options: SidecarClientOptions) {
    this.#options = options;
    this.#policy = options.policy ?? new RestartPolicy();
  }

  get status(): SidecarStatus {
    return this.#status;
  }

  /** Answers what the sidecar asks. Call it before the first start; one handler for each request. */
  onRequest<P, R, E>(
    type: RequestType<P, R, E>,
    handler: (params: P, token: CancellationToken, connection: MessageConnection) => HandlerResult<R, E>,
  ): void {
    this.#wiring.push((connection) => {
      connection.onRequest(type, (params, token) => handler(params, token, connection));
    });
  }

  /** Hears what the sidecar tells. Call it before the first start; one handler for each notification. */
  onNotification<P>(type: NotificationType<P>, handler: (params: P) => void): void {
    this.#wiring.push((connection) => {
      connection.onNotification(type, handler);
    });
  }

  /**
   * Starts the sidecar where none runs, then asks it. Rejects with the sidecar's own error (`requestFailure` reads it),
   * with `SidecarUnavailable` when there is none or it ends meanwhile, or as cancelled (`isCancelled`).
   */
  async request<P, R, E>(type: RequestType<P, R, E>, params: NoInfer<RequestParam<P>>, token?: CancellationToken): Promise<R> {
    const sidecar = await unlessCancelled(this.start(), token);
    return sidecar.request(type, params, token);
  }

  /** Does nothing where no sidecar is ready: there is nobody whom it would concern. */
  notify<P>(type: NotificationType<P>, params: NoInfer<RequestParam<P>>): void {
    this.#process?.notify(type, params);
  }

  /** Resolves with the sidecar once it is ready. Rejects with `SidecarUnavailable`. */
  start(): Promise<SidecarProcess> {
    if (this.#stopped) return Promise.reject(new SidecarUnavailable("stopped", "Parley is being deactivated."));
    if (this.#process !== null) return Promise.resolve(this.#process);
    if (this.#status.state === "failed") return Promise.reject(this.#failure());
    return (this.#coming ?? this.#begin("starting", 0)).ready;
  }

  /** What a person asks for: ends the sidecar if one runs, forgets the crashes, starts a new one. */
  async restart(): Promise<void> {
    if (this.#stopped) return;
    this.#coming?.abort.abort();
    this.#policy.reset();
    const old = this.#process;
    this.#process = null;
    // Requests that come meanwhile wait for the next one: there are never two.
    const gone = old?.stop();
    await this.#begin(gone === undefined ? "starting" : "restarting", 0, undefined, gone).ready;
  }

  /** Asks the sidecar to end, waits, kills. After this nothing starts again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#coming?.abort.abort();
    const coming = this.#coming;
    const running = this.#process;
    this.#process = null;
    await Promise.all([running?.stop(), coming?.ready.then((sidecar) => sidecar.stop()).catch(() => {})]);
    this.#change({ state: "stopped" });
  }

  dispose(): void {
    void this.stop().finally(() => this.#changed.dispose());
  }

  /** `gone`: resolves when the sidecar before has ended. */
  #begin(
    state: "starting" | "restarting",
    afterMs: number,
    reason?: string,
    gone?: Promise<void>,
  ): { readonly ready: Promise<SidecarProcess> } {
    const abort = new AbortController();
    const ready = this.#bringUp(afterMs, abort.signal, gone);
    this.#coming = { ready, abort };
    this.#change({ state, ...(reason !== undefined && { reason }) });
    // Those who wait hear of a failure through their own promise; after a crash nobody may be waiting.
    ready.catch(() => {});
    return this.#coming;
  }

  async #bringUp(afterMs: number, signal: AbortSignal, gone: Promise<void> | undefined): Promise<SidecarProcess> {
    await gone;
    let wait = afterMs;
    for (;;) {
      try {
        await delay(wait, undefined, { signal });
        const sidecar = await this.#launch(signal);
        if (signal.aborted) {
          await sidecar.stop();
          signal.throwIfAborted();
        }
        this.#ready(sidecar);
        return sidecar;
      } catch (error) {
        if (signal.aborted) throw new SidecarUnavailable("stopped", "The start of the sidecar was given up.", { cause: error });
        const reason = error instanceof Error ? error.message : String(error);
        const afterCrash = this.#decide(reason, error instanceof Error && error.name === "WrongVersion");
        if (afterCrash === null) throw this.#failure();
        this.#change({ state: "restarting", reason });
        wait = afterCrash;
      }
    }
  }

  async #launch(signal: AbortSignal): Promise<SidecarProcess> {
    const { initialize, prepare, handshakeMs = HANDSHAKE_MS, ...options } = this.#options;
    // The JSON-RPC library costs more time to load than all of the activation may take.
    const { SidecarProcess } = await import("./client/sidecar-process.ts");
    const wire = (connection: MessageConnection): void => this.#wiring.forEach((register) => register(connection));
    const sidecar = await SidecarProcess.launch({ ...options, handshakeMs, wire, signal, initialize: initialize() });
    try {
      await prepare?.(sidecar);
    } catch (error) {
      await sidecar.stop();
      throw error;
    }
    return sidecar;
  }

  #ready(sidecar: SidecarProcess): void {
    this.#process = sidecar;
    this.#coming = null;
    void sidecar.ended.then((end) => this.#ended(sidecar, end));
    this.#options.log.info(`The sidecar ${sidecar.info.version} is ready (process ${sidecar.pid}).`);
    this.#change({ state: "ready", info: sidecar.info });
  }

  #ended(sidecar: SidecarProcess, end: SidecarEnd): void {
    // One that was asked to end has been replaced or is no longer wanted.
    if (this.#process !== sidecar || end.asked || this.#stopped) return;
    this.#process = null;
    const afterMs = this.#decide(end.reason, false);
    if (afterMs !== null) this.#begin("restarting", afterMs, end.reason);
  }

  /** Milliseconds until the next start, or null after the state has become `failed`. */
  #decide(reason: string, hopeless: boolean): number | null {
    const decision = hopeless ? null : this.#policy.crashed(performance.now());
    if (decision?.restart === true) {
      this.#options.log.warn(`${reason} It is started again in ${decision.afterMs} ms.`);
      return decision.afterMs;
    }
    this.#options.log.error(`${reason} It is not started again by itself.`);
    this.#coming = null;
    this.#change({ state: "failed", reason, ...(decision !== null && { crashes: decision.crashes }) });
    return null;
  }

  #failure(): SidecarUnavailable {
    const { reason = "The sidecar cannot be started.", crashes } = this.#status;
    return new SidecarUnavailable("failed", reason, { crashes });
  }

  #change(status: SidecarStatus): void {
    if (status.state !== this.#status.state) this.#options.log.info(`State of the sidecar: ${status.state}.`);
    this.#status = status;
    this.#changed.fire(status);
  }
}

/** Stops waiting when the token is cancelled; what was waited for goes on. */
async function unlessCancelled<T>(wanted: Promise<T>, token: CancellationToken | undefined): Promise<T> {
  if (token === undefined) return wanted;
  if (token.isCancellationRequested) throw new RequestCancelled();
  const { promise, reject } = Promise.withResolvers<never>();
  const listener = token.onCancellationRequested(() => reject(new RequestCancelled()));
  try {
    return await Promise.race([wanted, promise]);
  } finally {
    listener.dispose();
  }
}
