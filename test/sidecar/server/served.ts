// The real server over a pair of streams in memory, with the standard JSON-RPC library at the other end, and an engine whose
// models are scripts.

import { duplexPair, type Duplex } from "node:stream";
import type { TestContext } from "node:test";
import {
  createMessageConnection,
  type MessageConnection,
  type RequestType,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";
import type { PriceQuote } from "../../../sidecar/prices/price-quote.ts";
import { EndpointLimiter } from "../../../sidecar/limits/endpoint-limiter.ts";
import { createLlmAt, type Endpoint } from "../../../sidecar/llm.ts";
import type { Log } from "../../../sidecar/log.ts";
import { parseModelRef } from "../../../sidecar/model-ref.ts";
import {
  AckStream,
  AttachStream,
  ChatSummarized,
  CreateSession,
  GetSession,
  Initialize,
  type InitializeParams,
  type InitializeResult,
  PROTOCOL_VERSION,
  type RequestFailure,
  SendChat,
  SessionChanged,
  StreamEvents,
  type ChatAnswer,
} from "../../../sidecar/protocol.ts";
import { createEditorProvider } from "../../../sidecar/providers/editor.ts";
import type { Provider } from "../../../sidecar/providers/provider.ts";
import { serve, type Server, type ServicesRequest } from "../../../sidecar/server.ts";
import type { Services } from "../../../sidecar/server/services.ts";
import { MemoryStore } from "../../../sidecar/sessions/memory-store.ts";
import type { EngineSettings } from "../../../sidecar/settings.ts";
import type { SessionDetail, SessionInfo, StoredMessage, StreamEvent, StreamRef } from "../../../sidecar/types.ts";
import { until } from "../../support/until.ts";
import { ScriptedProvider } from "../scripted-provider.ts";

export const settings: EngineSettings = { providers: {}, concurrency: 2, localModels: [] };

export const handshake: InitializeParams = {
  protocolVersion: PROTOCOL_VERSION,
  client: { name: "test", version: "0" },
  parentPid: null,
  storeFolder: null,
  settings,
};

/** Keeps what it is given after its end, to be looked at. */
class LastingStore extends MemoryStore {
  closed = false;

  override async close(): Promise<void> {
    this.closed = true;
  }
}

export class Served {
  readonly connection: MessageConnection;
  /** The client's end of the pipe. */
  readonly pipe: Duplex;
  readonly server: Server;
  readonly provider = new ScriptedProvider();
  readonly store = new LastingStore();
  readonly settings: EngineSettings[] = [];
  /** What models cost, by their reference. */
  readonly prices = new Map<string, PriceQuote>();
  /** Tokens that models read, by their reference. */
  readonly windows = new Map<string, number>();
  readonly keys: (readonly unknown[])[] = [];
  readonly logged: string[] = [];
  /** In the order of their arrival. */
  readonly changed: SessionInfo[] = [];
  readonly summaries: StoredMessage[] = [];
  readonly #events = new Map<string, StreamEvent[]>();
  /** While true, what arrives is acknowledged at once. */
  acknowledges = true;
  hasEnded = false;
  servicesClosed = false;

  constructor() {
    const [theirs, ours] = duplexPair();
    this.pipe = ours;
    const note = (message: string): void => void this.logged.push(message);
    const log: Log = { debug: note, info: note, warn: note, error: note };
    this.server = serve(theirs, { version: "1.2.3", log, createServices: async (request) => this.#services(request) });
    void this.server.ended.then(() => (this.hasEnded = true));
    this.connection = createMessageConnection(new StreamMessageReader(ours), new StreamMessageWriter(ours));
    this.connection.onNotification(StreamEvents, ({ reader, events }) => {
      this.eventsOf(reader).push(...events);
      if (this.acknowledges) void this.connection.sendNotification(AckStream, { reader, seq: events.at(-1)?.seq ?? 0 }).catch(() => {});
    });
    this.connection.onNotification(SessionChanged, ({ session }) => void this.changed.push(session));
    this.connection.onNotification(ChatSummarized, ({ summary }) => void this.summaries.push(summary));
    this.connection.listen();
  }

  async shakeHands(given: Partial<InitializeParams> = {}): Promise<InitializeResult> {
    return this.connection.sendRequest(Initialize, { ...handshake, ...given });
  }

  eventsOf(reader: string): StreamEvent[] {
    const events = this.#events.get(reader) ?? [];
    this.#events.set(reader, events);
    return events;
  }

  async newSession(): Promise<string> {
    return (await this.connection.sendRequest(CreateSession, { model: "scripted/m" })).session.id;
  }

  ask(session: string, text: string): Promise<ChatAnswer> {
    return this.connection.sendRequest(SendChat, { session, content: [{ type: "text", text }] });
  }

  read(session: string): Promise<SessionDetail> {
    return this.connection.sendRequest(GetSession, { session }).then((result) => result.session);
  }

  async attach(ref: StreamRef, reader: string, afterSeq = 0): Promise<void> {
    const { stream, epoch } = ref;
    await this.connection.sendRequest(AttachStream, { stream, epoch, reader, afterSeq });
  }

  async untilEnd(reader: string): Promise<Extract<StreamEvent, { type: "end" }>> {
    await until(() => this.eventsOf(reader).at(-1)?.type === "end", `the end at reader ${reader}`);
    const last = this.eventsOf(reader).at(-1);
    if (last?.type !== "end") throw new Error("unreachable");
    return last;
  }

  textOf(reader: string): string {
    return this.eventsOf(reader)
      .map((event) => (event.type === "text-delta" ? event.text : ""))
      .join("");
  }

  #services({ initialize, client }: ServicesRequest): Services {
    this.settings.push(initialize.settings);
    const limiter = new EndpointLimiter(initialize.settings.concurrency);
    const providers: { readonly [id: string]: Provider } = { scripted: this.provider, editor: createEditorProvider(client) };
    return {
      store: this.store,
      persistence: { available: false, reason: "This is a test." },
      localInference: { available: true },
      engine: async () => ({
        llm: (ref, defaults) => {
          const { provider, model } = parseModelRef(ref);
          const endpoint = (): Endpoint => ({ provider: providers[provider] ?? this.provider, limiter, timeLimits: {} });
          const contextWindow = async (): Promise<number | undefined> => this.windows.get(ref);
          return createLlmAt({ ref, provider, model, endpoint, price: async () => this.prices.get(ref), contextWindow }, defaults);
        },
        priceOf: async (ref) => this.prices.get(ref),
        listProviders: () => [],
        listModels: async ({ provider = "scripted" }, signal) => ({
          models: (await providers[provider]?.listModels({ signal, timeLimits: {} })) ?? [],
          failures: [],
        }),
        defaultModel: async (lastUsed) => ({ ref: lastUsed, reason: lastUsed === null ? "none" : "last-used" }),
      }),
      updateSettings: (changed) => void this.settings.push(changed),
      chatSettings: () => this.settings.at(-1)?.chat ?? {},
      setKey: (...key) => void this.keys.push(key),
      close: async () => {
        this.servicesClosed = true;
        await this.store.close();
      },
    };
  }
}

/** Ended with the test. */
export function startServer(context: TestContext): Served {
  const served = new Served();
  context.after(async () => {
    await served.server.end("the test is over");
    served.connection.dispose();
  });
  return served;
}

/** With the handshake made. */
export async function startReady(context: TestContext): Promise<Served> {
  const served = startServer(context);
  await served.shakeHands();
  return served;
}

/** For `assert.rejects`: an error of the protocol with this code, whose words fit. */
export function failure(code: string, words = /./): (error: unknown) => boolean {
  return (error) => error instanceof ResponseError && error.code === -32803 && error.data?.code === code && words.test(error.message);
}

/** A request as somebody else might send it. */
export function sendAnything<P, R>(served: Served, type: RequestType<P, R, RequestFailure>, params: unknown): Promise<unknown> {
  return served.connection.sendRequest(type.method, params);
}
