// Serves one client over any pair of streams: handshake, handlers, end. The protocol is `protocol.ts`, in words PROTOCOL.md.

import { Duplex, type Readable, type Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { createMessageConnection, type MessageConnection } from "vscode-jsonrpc/node";
import { Failure } from "./failure.ts";
import { type Log, trace } from "./log.ts";
import {
  ChatSummarized,
  GatherEnd,
  Initialize,
  type InitializeParams,
  type InitializeResult,
  Ping,
  PROTOCOL_VERSION,
  SessionChanged,
  Shutdown,
  StoreNotice,
  StreamEvents,
} from "./protocol.ts";
import { FrameReader } from "./rpc/frame-reader.ts";
import { FrameWriter } from "./rpc/frame-writer.ts";
import { addArchiveHandlers } from "./server/archive-handlers.ts";
import { addChatHandlers } from "./server/chat-handlers.ts";
import { ChatRuns } from "./server/chat-runs.ts";
import type { Check } from "./check.ts";
import { ClientRequests } from "./server/client-requests.ts";
import type { Core } from "./server/core.ts";
import { addGatherHandlers } from "./server/gather-handlers.ts";
import { GatherRuns } from "./server/gather-runs.ts";
import { addModelHandlers } from "./server/model-handlers.ts";
import { watchParent } from "./server/parent-watch.ts";
import { Router } from "./server/router.ts";
import type { Services } from "./server/services.ts";
import { addSessionHandlers } from "./server/session-handlers.ts";
import { params } from "./server/shapes.ts";
import { addStoreHandlers } from "./server/store-handlers.ts";
import { addStreamHandlers } from "./server/stream-handlers.ts";
import { AnswerWriter } from "./sessions/answer-writer.ts";
import { sidecarEnded } from "./sessions/interrupted.ts";
import { Pump } from "./streams/pump.ts";
import { StreamRegistry } from "./streams/registry.ts";
import type { SessionInfo } from "./types.ts";

export type Transport = Duplex | { readonly readable: Readable; readonly writable: Writable };

export interface ServicesRequest {
  readonly initialize: InitializeParams;
  /** The name of this sidecar in the store, new with each process. */
  readonly epoch: string;
  readonly client: ClientRequests;
  readonly log: Log;
  /** Tells the client what people should know about the store. */
  readonly storeNotice: (message: string) => void;
}

export interface ServeOptions {
  /** The product's version, told in the handshake. */
  readonly version: string;
  readonly log: Log;
  /** Called once, in the handshake, which fails with what it rejects with. */
  readonly createServices: (request: ServicesRequest) => Promise<Services>;
}

export interface Server {
  /** Resolves when everything has been given back, whatever began the end: `sidecar/shutdown`, the pipe, the parent, `end`. */
  readonly ended: Promise<void>;
  /** Begins the end. `reason` is for the log. */
  end(reason: string): Promise<void>;
}

/** Milliseconds for closing sockets and writing what had come. Whoever waits for the process waits two seconds. */
const endingMs = 1000;

/** Begins to read at once. */
export function serve(transport: Transport, options: ServeOptions): Server {
  const server = new SidecarServer(transport, options);
  return { ended: server.ended, end: (reason) => server.end(reason) };
}

class SidecarServer implements Server {
  readonly #writable: Writable;
  readonly #connection: MessageConnection;
  readonly #client: ClientRequests;
  readonly #options: ServeOptions;
  readonly #registry = new StreamRegistry();
  readonly #ended = Promise.withResolvers<void>();
  /** From the handshake on. */
  #starting: Promise<Core> | undefined;
  #core: Core | undefined;
  #finishing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #stopWatching: () => void = () => {};

  constructor(transport: Transport, options: ServeOptions) {
    const { readable, writable } = transport instanceof Duplex ? { readable: transport, writable: transport } : transport;
    this.#writable = writable;
    this.#options = options;
    const { log } = options;
    this.#connection = createMessageConnection(new FrameReader(readable), new FrameWriter(writable), { ...log, log: log.info });
    this.#connection.onError(([error]) => log.warn(`The pipe failed: ${error.message}`));
    this.#connection.onClose(() => void this.end("its pipe has ended"));
    this.#client = new ClientRequests(this.#connection);
    this.#addHandlers(new Router({ connection: this.#connection, core: () => this.#ready(), log }));
    this.#connection.listen();
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  end(reason: string): Promise<void> {
    return (this.#closing ??= this.#close(reason));
  }

  #addHandlers(router: Router): void {
    router.first(Initialize, (value) => this.#initialize(value));
    router.first(Ping, () => null);
    router.first(Shutdown, async () => {
      await this.#finish("it was asked to");
      // The reply leaves before the connection does.
      setImmediate(() => void this.end("it was asked to"));
      return null;
    });
    addModelHandlers(router);
    addSessionHandlers(router);
    addArchiveHandlers(router);
    addStoreHandlers(router);
    addChatHandlers(router);
    addStreamHandlers(router);
    addGatherHandlers(router);
  }

  #ready(): Core {
    if (this.#finishing !== undefined) throw new Failure("not-ready", "The sidecar is ending.");
    if (this.#core === undefined) throw new Failure("not-ready", "The handshake `sidecar/initialize` comes first.");
    return this.#core;
  }

  async #initialize(value: unknown): Promise<InitializeResult> {
    const checkVersion: Check<Pick<InitializeParams, "protocolVersion">> = params.protocolVersion;
    const checkAll: Check<InitializeParams> = params.initialize;
    if (this.#finishing !== undefined) throw new Failure("not-ready", "The sidecar is ending.");
    if (this.#starting !== undefined) throw new Failure("invalid-params", "The handshake was made already.");
    checkVersion(value, "");
    if (value.protocolVersion !== PROTOCOL_VERSION) {
      throw new Failure("wrong-version", `This sidecar speaks version ${PROTOCOL_VERSION} of the protocol, not ${value.protocolVersion}.`);
    }
    checkAll(value, "");
    if (value.parentPid !== null) this.#stopWatching = watchParent(value.parentPid, () => void this.end("its parent is gone"));
    this.#starting = this.#start(value);
    const { services, registry } = await this.#starting;
    return {
      protocolVersion: PROTOCOL_VERSION,
      version: this.#options.version,
      epoch: registry.epoch,
      pid: process.pid,
      persistence: services.persistence,
      localInference: services.localInference,
    };
  }

  async #start(initialize: InitializeParams): Promise<Core> {
    const { log, createServices } = this.#options;
    const registry = this.#registry;
    const storeNotice = (message: string): void => this.#tell(() => this.#connection.sendNotification(StoreNotice, { message }));
    const services = await createServices({ initialize, epoch: registry.epoch, client: this.#client, log, storeNotice });
    const writer = new AnswerWriter(services.store, (error) => log.warn(`Answers that run are not being kept: ${trace(error)}`));
    const sessionChanged = (session: SessionInfo): void => this.#tell(() => this.#connection.sendNotification(SessionChanged, { session }));
    this.#core = {
      services,
      writer,
      registry,
      log,
      sessionChanged,
      pump: new Pump(async (reader, events) => this.#connection.sendNotification(StreamEvents, { reader, events })),
      chats: new ChatRuns({
        services,
        writer,
        registry,
        log,
        changed: sessionChanged,
        summarized: (summary) => this.#tell(() => this.#connection.sendNotification(ChatSummarized, { summary })),
      }),
      gathers: new GatherRuns({
        services,
        registry,
        readFile: (uri, signal) => this.#client.readFile(uri, signal),
        ended: (totals) => this.#tell(() => this.#connection.sendNotification(GatherEnd, totals)),
      }),
    };
    return this.#core;
  }

  /** A client that is gone need not hear it; the pipe's own end is told elsewhere. */
  #tell(send: () => Promise<void>): void {
    if (this.#closing === undefined) void send().catch(() => {});
  }

  /** Once: closes the providers' sockets, writes what had come of every answer, closes the store. Never rejects, never takes long. */
  #finish(reason: string): Promise<void> {
    if (this.#finishing !== undefined) return this.#finishing;
    this.#options.log.info(`The sidecar ends: ${reason}.`);
    this.#stopWatching();
    const work = this.#giveBack().catch((error: unknown) => this.#options.log.error(`Ending failed: ${trace(error)}`));
    this.#finishing = Promise.race([work, delay(endingMs, undefined, { ref: false })]);
    return this.#finishing;
  }

  async #giveBack(): Promise<void> {
    const core = await this.#starting?.catch(() => undefined);
    if (core === undefined) return;
    const { writer, pump, chats, gathers, services, log } = core;
    pump.close();
    // Before the answers are cancelled: each is kept as interrupted, not as stopped by somebody.
    const written = writer.interrupt(sidecarEnded).catch((error: unknown) => log.error(`Partial answers were not kept: ${trace(error)}`));
    const stopped = Promise.all([chats.stopAll(), gathers.cancelAll()]);
    await Promise.race([stopped, delay(endingMs / 2, undefined, { ref: false })]);
    await written;
    await services.close();
    this.#registry.close();
  }

  async #close(reason: string): Promise<void> {
    await this.#finish(reason);
    const { promise: flushed, resolve } = Promise.withResolvers<void>();
    this.#writable.end(resolve);
    await Promise.race([flushed, delay(200, undefined, { ref: false })]);
    this.#connection.dispose();
    this.#writable.destroy();
    this.#ended.resolve();
  }
}
