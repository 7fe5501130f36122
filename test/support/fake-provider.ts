// A model provider for tests: a real HTTP server on loopback that speaks OpenAI's chat completions and Responses API,
// Anthropic's messages and Ollama's native chat, does what it is told step by step, and remembers what it was asked.
//
//   const fake = await FakeProvider.start();
//   fake.enqueue({ text: "Hello there" });                       // the next answer, whichever wire asks for it
//   fake.enqueue({ status: 429, headers: { "retry-after": "1" }, body: { error: { message: "slow down", code: "rate_limit" } } });
//   fake.enqueue({ steps: [{ text: "one" }, { gate: "more" }, { text: " two" }, { cut: "close" }] });
//   fake.respond((request) => ({ text: `you are request ${request.index}` }));  // whatever the queue does not answer
//   … the code under test is given fake.baseUrl("openai-chat") …
//   await fake.waitFor((state) => state.waitingAt.includes("more"), "the answer to wait at its gate");
//   fake.gate("more").open();                                    // or release(), which lets one answer through
//   fake.requests[0].body; fake.requests[0].headers; fake.requests[0].state; fake.state().openSockets
//   await fake.close();
//
// Without a queue and without `respond` it answers `You said: <the last user message>`, word by word. Any path prefix works
// (`/one/v1/chat/completions`), so that one server can stand for several. `key` makes it refuse other keys with a 401.
//
// It also runs by itself, for tests whose code lives in another process: `node test/support/fake-provider.ts --port 0`
// prints `fake provider at http://127.0.0.1:PORT` and lives until its stdin ends or it is killed. What the methods do is
// then done over HTTP, with the same objects as JSON (see fake-provider-control.ts):
//   POST /control/enqueue [answers]   POST /control/respond answer|null   POST /control/gate/NAME/open|release
//   POST /control/options {models?, key?}   POST /control/reset   GET /control/requests   GET /control/state
//   GET /control/wait?requests=N&clientClosed=N&waitingAt=NAME&openAnswers=N&timeoutMs=N   (answers when all given hold, else 408)

import { once } from "node:events";
import { fstatSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { pathToFileURL } from "node:url";
import type { JsonObject, JsonValue } from "../../sidecar/types.ts";
import { FakeAnswerWriter } from "./fake-provider-answer.ts";
import { handleControl } from "./fake-provider-control.ts";
import { FakeGates, type FakeGate } from "./fake-provider-gates.ts";
import { modelList } from "./fake-provider-models.ts";
import {
  isObject,
  lastUserText,
  wholeAnswer,
  type FakeAnswer,
  type FakeRequest,
  type FakeRoute,
  type FakeState,
  type FakeWire,
  type QueuedAnswer,
} from "./fake-provider-script.ts";

export type { FakeAnswer, FakeRequest, FakeState, FakeWire } from "./fake-provider-script.ts";

export type Responder = (request: FakeRequest) => FakeAnswer;

export interface FakeQuestion {
  /** Without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: JsonObject | null;
}

export interface FakeProviderOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Other keys are refused with a 401. Default: any key, or none. */
  readonly key?: string;
  /** Ids that the model lists give. Default `["fake-model"]`. */
  readonly models?: readonly string[];
}

/** What a server tells when it is asked for it, by what was asked; undefined for a 404. A promise is waited for. */
export type Told = (body: JsonObject | null) => JsonValue | undefined | Promise<JsonValue>;

/** Where servers are asked about their models beside the lists that are part of a wire. */
const QUESTIONS = /\/api\/(show|ps|v[01]\/models)$|\/(props|apply-template|tokenize)$|\/count_tokens$|\/v1beta\/models$/u;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const WAIT_MS = 60_000;
const BODY_LIMIT_BYTES = 64 * 1024 * 1024;

export class FakeProvider {
  readonly origin: string;
  models: readonly string[];
  key: string | undefined;

  readonly #server: Server;
  readonly #sockets = new Map<Socket, number>();
  readonly #gates = new FakeGates(() => this.#changed());
  readonly #waiters = new Set<() => void>();
  readonly #open = new Map<Mutable<FakeRequest>, ServerResponse>();
  #requests: Mutable<FakeRequest>[] = [];
  #queue: QueuedAnswer[] = [];
  #responder: Responder | null = null;
  readonly #told = new Map<string, Told>();
  #questions: FakeQuestion[] = [];
  #socketsAccepted = 0;
  #peakAnswers = 0;

  private constructor(server: Server, options: FakeProviderOptions) {
    this.#server = server;
    this.models = options.models ?? ["fake-model"];
    this.key = options.key;
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("The fake provider listens on no port.");
    this.origin = `http://127.0.0.1:${address.port}`;
    server.on("connection", (socket) => {
      this.#sockets.set(socket, this.#socketsAccepted++);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        this.#changed();
      });
      this.#changed();
    });
    server.on("request", (request, response) => {
      this.#handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
    });
  }

  static async start(options: FakeProviderOptions = {}): Promise<FakeProvider> {
    const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 });
    server.listen(options.port ?? 0, "127.0.0.1");
    await once(server, "listening");
    return new FakeProvider(server, options);
  }

  /** What a user would set as this wire's base URL. */
  baseUrl(wire: FakeWire): string {
    return wire === "openai-chat" || wire === "openai-responses" ? `${this.origin}/v1` : this.origin;
  }

  /** In the order of arrival. The objects are live: `state` and `bytesSent` change. */
  get requests(): readonly FakeRequest[] {
    return this.#requests;
  }

  /** Answers for the next requests, in order; one with a `route` waits for a request of that kind. Model lists need `route: "models"`. */
  enqueue(...answers: readonly QueuedAnswer[]): void {
    this.#queue.push(...answers);
  }

  /** Answers whatever the queue does not. Null: back to the default. */
  respond(responder: Responder | FakeAnswer | null): void {
    this.#responder = typeof responder === "object" && responder !== null ? () => responder : responder;
  }

  /**
   * What the server tells beside answers and lists, by path (`/api/show`, `/props`). Such questions are no `requests`; all of
   * them stand in `questions`. What was not told of is answered with a 404.
   */
  tell(path: string, told: Told | JsonObject): void {
    this.#told.set(path, typeof told === "function" ? told : () => told);
  }

  get questions(): readonly FakeQuestion[] {
    return this.#questions;
  }

  gate(name: string): FakeGate {
    return this.#gates.gate(name);
  }

  state(): FakeState {
    return {
      requests: this.#requests.length,
      openAnswers: this.#open.size,
      peakAnswers: this.#peakAnswers,
      openSockets: this.#sockets.size,
      sockets: this.#socketsAccepted,
      clientClosed: this.#requests.filter((request) => request.state === "client-closed").length,
      waitingAt: this.#gates.waitingAt(),
    };
  }

  /** Resolves once the condition holds; rejects with `what` and the state when it does not in time. */
  async waitFor(condition: (state: FakeState) => boolean, what: string, timeoutMs: number = WAIT_MS): Promise<void> {
    if (condition(this.state())) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`Waited ${timeoutMs} ms for ${what}: ${JSON.stringify(this.state())}`)), timeoutMs);
    const check = (): void => {
      if (condition(this.state())) resolve();
    };
    this.#waiters.add(check);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(check);
    }
  }

  /** Forgets requests, queue, responder and gates; answers under way are destroyed. Sockets at rest stay open. */
  reset(): void {
    for (const [request, response] of this.#open) {
      request.state = "cut";
      response.destroy();
    }
    this.#requests = [];
    this.#queue = [];
    this.#responder = null;
    this.#told.clear();
    this.#questions = [];
    this.#peakAnswers = 0;
    this.#gates.reset();
  }

  async close(): Promise<void> {
    this.#gates.reset();
    for (const socket of this.#sockets.keys()) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const bodyText = await readBody(message);
    const path = message.url ?? "/";
    if (path.startsWith("/control/")) {
      await handleControl(this, message.method ?? "GET", new URL(path, this.origin), bodyText, response);
      return;
    }
    const [asked = ""] = path.split("?", 1);
    if (QUESTIONS.test(asked)) {
      await this.#answerQuestion(asked, message, bodyText, response);
      return;
    }
    const request = this.#record(message, path, bodyText);
    this.#open.set(request, response);
    this.#peakAnswers = Math.max(this.#peakAnswers, this.#open.size);
    const settled = Promise.withResolvers<void>();
    response.once("close", () => {
      if (request.state === "open") request.state = response.writableFinished ? "answered" : "client-closed";
      this.#open.delete(request);
      settled.resolve();
      this.#changed();
    });
    this.#changed();
    const writer = new FakeAnswerWriter(request, response, this.#gates, settled.promise);
    await writer.write(this.#answerFor(request));
  }

  async #answerQuestion(path: string, { headers }: IncomingMessage, bodyText: string, response: ServerResponse): Promise<void> {
    const body = parseObject(bodyText);
    this.#questions.push({ path, headers, body });
    this.#changed();
    const told = await this.#told.get(path)?.(body);
    response.writeHead(told === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(told ?? { error: "not found" }));
  }

  #record(message: IncomingMessage, path: string, bodyText: string): Mutable<FakeRequest> {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(message.headers)) headers[name] = Array.isArray(value) ? value.join(", ") : (value ?? "");
    const request: Mutable<FakeRequest> = {
      index: this.#requests.length,
      route: routeOf(message.method ?? "GET", path),
      method: message.method ?? "GET",
      path,
      headers,
      body: parseObject(bodyText),
      bodyText,
      socket: this.#sockets.get(message.socket) ?? -1,
      state: "open",
      bytesSent: 0,
      textSentAt: [],
    };
    this.#requests.push(request);
    return request;
  }

  #answerFor(request: FakeRequest): FakeAnswer {
    if (this.key !== undefined && keyOf(request) !== this.key) {
      return {
        status: 401,
        body: { error: { type: "authentication_error", code: "invalid_api_key", message: "Incorrect API key provided" } },
      };
    }
    const isList = request.route === "models";
    const queued = this.#queue.findIndex(({ route }) => (route === undefined ? !isList : route === request.route));
    const answer = queued < 0 ? undefined : this.#queue.splice(queued, 1)[0];
    if (answer !== undefined) return answer;
    if (isList) return { body: modelList(request, this.models) };
    if (this.#responder !== null) return this.#responder(request);
    if (request.route === "other")
      return { status: 404, body: { error: { message: `No such path: ${request.path}`, type: "not_found_error" } } };
    return { steps: wholeAnswer(`You said: ${lastUserText(request.body)}`) };
  }

  #changed(): void {
    for (const check of this.#waiters) check();
  }
}

function routeOf(method: string, path: string): FakeRoute {
  const name = path.split("?", 1)[0] ?? "";
  if (method === "GET" && (name.endsWith("/models") || name.endsWith("/api/tags"))) return "models";
  if (method !== "POST") return "other";
  if (name.endsWith("/chat/completions")) return "openai-chat";
  if (name.endsWith("/responses")) return "openai-responses";
  if (name.endsWith("/messages")) return "anthropic";
  return name.endsWith("/api/chat") ? "ollama" : "other";
}

function keyOf({ headers }: FakeRequest): string | undefined {
  return headers["x-api-key"] ?? headers["api-key"] ?? headers["authorization"]?.replace(/^Bearer /u, "");
}

function parseObject(text: string): JsonObject | null {
  try {
    const value: JsonValue = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    const piece: Buffer = chunk;
    size += piece.length;
    if (size > BODY_LIMIT_BYTES) throw new Error(`A request of more than ${BODY_LIMIT_BYTES} bytes`);
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function main(): Promise<void> {
  const at = process.argv.indexOf("--port");
  const fake = await FakeProvider.start({ port: at < 0 ? 0 : Number(process.argv[at + 1]) });
  console.log(`fake provider at ${fake.origin}`);
  // A parent that dies closes the pipe, so that no server is left behind. A terminal or /dev/null does not end it.
  const stdin = fstatSync(0);
  if (stdin.isFIFO() || stdin.isSocket()) {
    process.stdin.once("end", () => process.exit(0));
    process.stdin.resume();
  }
}

// Not awaited: the tests inside VS Code bundle this file as CommonJS, which has no top-level await. A failure ends the process.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) void main();
