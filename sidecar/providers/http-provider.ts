// The one engine under every provider that is spoken to over HTTP: it runs whichever adapter the wire has.

import type { HttpClient, HttpRequest } from "../http/http-client.ts";
import { packedAs } from "../http/packed-body.ts";
import { readWholeBody } from "../http/read-body.ts";
import { exhaustedForMs } from "../http/retry-after.ts";
import type { ModelInfo, TimeLimits } from "../types.ts";
import { AnswerStream } from "./answer-stream.ts";
import { addressOf, endpointUrl, isOwnAddress, parseBaseUrl } from "./base-url.ts";
import { readErrorText } from "./error-body.ts";
import { readErrorBody } from "./error-payload.ts";
import { HttpAnswer, type OpenedAnswer } from "./http-answer.ts";
import { CallerAborted, HttpCall, type OpenExchange } from "./http-call.ts";
import { asNetworkError, listRefusal, noList } from "./model-list-errors.ts";
import { parseJson } from "./json-fields.ts";
import { keyHeaders, missingBaseUrl, missingKey, needsKey, strikeKey, withoutKey } from "./keys-in-requests.ts";
import { ProviderError, type ModelRequest, type Provider, type ProviderEvent, type RequestContext } from "./provider.ts";
import { requestIdOf, statusError, type CallTarget } from "./provider-errors.ts";
import type { ProviderRow } from "./registry.ts";
import { refusedAlone } from "./refusal.ts";
import { refusedAnswer } from "./refused-answer.ts";
import { askOnce, ServerQuestions, type AskServer, type AskServerOnce, type QuestionedServer } from "./server-questions.ts";
import { wellFormedJson } from "./well-formed-json.ts";
import { ONCE, type Preparation, type Prepared, type WireAdapter, type WireRequest, type WireTarget } from "./wire-adapter.ts";
import { wireAdapter } from "./wires.ts";

export interface Endpoint {
  /** The provider's id as users know it. */
  readonly provider: string;
  /** For people; default the row's. */
  readonly name?: string;
  readonly baseUrl: string | undefined;
  readonly key: string | undefined;
  /** Forces one of OpenAI's two interfaces. */
  readonly api?: "responses" | "chat";
}

/** OpenRouter's list has about a megabyte. */
const MODELS_BODY_BYTES = 32 * 1024 * 1024;
const MODELS_MS = 20_000;
const MAX_MODEL_PAGES = 50;
/** Fields that one model refuses, one after the other: no request has more that could be learned of. */
const MAX_LESSONS = 12;
/** Other preparations of one request, of which some have the server load the model anew. */
const MAX_PREPARATIONS = 5;
/** Some interfaces have the model in the path. */
const MAX_URLS = 100;
/** Of one model: schemas that it refused are lessons too, and there is no end of them. */
const MAX_REMEMBERED = 200;
const NOTHING: ReadonlySet<string> = new Set();

/** Nothing is checked or opened before the first call: a wrong base URL or a missing key is an error of that call. */
export function createHttpProvider(row: ProviderRow, endpoint: Endpoint, http: HttpClient): Provider {
  return new HttpProvider(row, endpoint, http);
}

/** What a call needs to know of where it goes. */
interface Connection {
  readonly adapter: WireAdapter;
  readonly baseUrl: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** With those of a request that has a body. */
  readonly postHeaders: Readonly<Record<string, string>>;
  readonly target: CallTarget;
}

interface OpenAnswer extends OpenExchange {
  readonly request: WireRequest;
  readonly wireTarget: WireTarget;
}

class HttpProvider implements Provider {
  readonly id: string;
  readonly #row: ProviderRow;
  readonly #endpoint: Endpoint;
  readonly #http: HttpClient;
  /** By model: what it has refused, so that it is not asked for it again. */
  readonly #learned = new Map<string, Set<string>>();
  #preparation: Preparation | undefined;
  #parsedAddress: URL | undefined;
  #common: Connection | undefined;
  /** For the model that was asked last. */
  #connection: Connection | undefined;
  /** By path. */
  readonly #urls = new Map<string, URL>();
  #questions: ServerQuestions | undefined;

  constructor(row: ProviderRow, endpoint: Endpoint, http: HttpClient) {
    this.id = endpoint.provider;
    this.#row = row;
    this.#endpoint = endpoint;
    this.#http = http;
  }

  get reasoningApart(): boolean {
    try {
      return wireAdapter(this.#row, this.#address, this.#endpoint.api).reasoningApart === true;
    } catch {
      // An address that is none is told by the requests to it.
      return false;
    }
  }

  get systemInPlace(): boolean {
    try {
      return this.#row.systemInPlace === true && isOwnAddress(this.#row, this.#address);
    } catch {
      // An address that is none is told by the requests to it.
      return false;
    }
  }

  stream(request: ModelRequest, context: RequestContext): HttpAnswer {
    let call: HttpCall | undefined;
    return new HttpAnswer({
      open: () => this.#open(request, context, (begun) => (call = begun)),
      thrown: (error) => this.#thrown(error, context.signal),
      close: (usage) => {
        if (usage !== null) context.onUsage?.(usage);
        call?.close();
      },
    });
  }

  /** Sends the request; where the model refuses a field, learns that and sends it without, before anything has come. */
  async #open(request: ModelRequest, context: RequestContext, begun: (call: HttpCall) => void): Promise<OpenedAnswer> {
    const { signal } = context;
    try {
      signal.throwIfAborted();
      const connection = this.#connect(request.model);
      const limits = { ...this.#row.timeLimits, ...context.timeLimits };
      const answer = { stage: "first-token", ms: limits.firstTokenMs } as const;
      const call = new HttpCall(this.#http, connection.target, { connectMs: limits.connectMs, answer, onRepeat: context.onRepeat }, signal);
      begun(call);
      const preparing = this.#prepare(request, connection, signal);
      let attempt: Attempt = preparing === undefined ? AT_FIRST : { ...AT_FIRST, prepared: await preparing };
      for (;;) {
        const { once, prepared } = attempt;
        const remembered = this.#wireTarget(connection, request.model);
        const wireTarget = once.length === 0 && prepared === undefined ? remembered : withLessons(remembered, once, prepared);
        const built = connection.adapter.buildRequest(request, wireTarget);
        const { exchange, head } = await call.send(this.#post(built, connection));
        const sent: OpenAnswer = { exchange, head, request: built, wireTarget };
        const next = head.status < 300 ? sent : await this.#refused(sent, attempt, { request, connection, call, signal });
        if ("exchange" in next) return this.#opened(next, { request, connection, call, signal }, context, limits);
        attempt = next;
      }
    } catch (error) {
      context.onWhole?.();
      throw error;
    }
  }

  #opened(
    answer: OpenAnswer | RefusedAnswer,
    { request, connection, call }: Asked,
    { onAccepted, onWhole = () => {}, onHeldBack = () => {} }: RequestContext,
    limits: Required<TimeLimits>,
  ): OpenedAnswer {
    const { exchange, head } = answer;
    onAccepted?.(exhaustedForMs(head.headers, Date.now()));
    const first = firstEvents(answer, this.#endpoint.key);
    exchange.watchBy({ over: onWhole, heldBack: onHeldBack });
    if ("instead" in answer) return { first, stream: null };
    const offered = request.parameters.tools?.map(({ name }) => name);
    const reader = connection.adapter.createReader(answer.wireTarget, offered);
    return { first, stream: new AnswerStream(exchange, head, connection.adapter, reader, connection.target, call.timer, limits) };
  }

  async listModels(context: RequestContext): Promise<readonly ModelInfo[]> {
    const { signal } = context;
    signal.throwIfAborted();
    const connection = this.#connect(undefined);
    const connectMs = context.timeLimits.connectMs ?? this.#row.timeLimits.connectMs;
    // A list never takes as long as a first token may, unless that one is held shorter still.
    const listMs = Math.min(MODELS_MS, context.timeLimits.firstTokenMs || MODELS_MS);
    const call = new HttpCall(this.#http, connection.target, { connectMs, answer: { stage: "list", ms: listMs } }, signal);
    try {
      return await this.#readModels(connection, call);
    } catch (error) {
      throw this.#thrown(error, signal);
    } finally {
      call.close();
    }
  }

  async places(): Promise<number | undefined> {
    try {
      const connection = this.#connect(undefined);
      const ask = this.#asking(connection, new AbortController().signal);
      return await connection.adapter.readPlaces?.(this.#wireTarget(connection, undefined), ask);
    } catch {
      // An address that is none is told by the requests to it.
      return undefined;
    }
  }

  /** What was refused: how it is to be sent again, or the answer that the refusal is. Throws what stands. */
  async #refused(
    sent: OpenAnswer,
    { once, prepared, last, lessons }: Attempt,
    { request, connection, call, signal }: Asked,
  ): Promise<RefusedAnswer | Attempt> {
    const { head, wireTarget } = sent;
    const text = await readErrorText(sent, call.timer);
    const error = statusError(connection.target, head.status, head.headers, text);
    const instead = refusedAnswer(withoutKey(error, this.#endpoint.key), text, request.parameters.responseSchema !== undefined);
    if (instead !== undefined) return { ...sent, instead };
    // 413 is said of the body's bytes.
    if (prepared !== undefined && head.status !== 413 && lessons < MAX_PREPARATIONS) {
      const other = await this.#preparation?.afterRefusal(request, wireTarget, prepared, error, this.#asking(connection, signal));
      if (other === undefined && error.kind === "context-length") throw error;
      if (other !== undefined) return { once, prepared: other, last, lessons: lessons + 1 };
    }
    const payload = readErrorBody(text);
    const lesson = connection.adapter.learn(head.status, payload, sent.request.body, wireTarget);
    const vain = last?.words === payload.message ? last.lessons : [];
    if (lesson === undefined || wireTarget.learned.has(lesson) || lessons === MAX_LESSONS) {
      // Lessons that changed nothing were none: what is refused stands in the caller's extras, or was read wrongly.
      for (const one of vain) this.#learned.get(request.model)?.delete(one);
      throw error;
    }
    const isForOnce = lesson.startsWith(ONCE);
    const added = isForOnce ? [] : this.#remember(request.model, lesson);
    const taught = { lessons: [...vain, ...added], words: payload.message };
    return { once: isForOnce ? [...once, lesson] : once, prepared, last: taught, lessons: lessons + 1 };
  }

  async describeModels(models: readonly ModelInfo[], signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const connection = this.#connect(undefined);
    const { adapter } = connection;
    return (await adapter.describeModels?.(models, this.#wireTarget(connection, undefined), this.#asking(connection, signal))) ?? models;
  }

  #prepare(request: ModelRequest, connection: Connection, signal: AbortSignal): Promise<Prepared> | undefined {
    this.#preparation ??= connection.adapter.createPreparation?.();
    return this.#preparation?.prepare(request, this.#wireTarget(connection, request.model), this.#asking(connection, signal));
  }

  async countTokens(request: ModelRequest, signal: AbortSignal): Promise<number | undefined> {
    const connection = this.#connect(request.model);
    const ask: AskServerOnce = (question) => askOnce(this.#http, this.#questioned(connection), question, signal);
    return connection.adapter.countTokens?.(request, this.#wireTarget(connection, request.model), ask);
  }

  #asking(connection: Connection, signal: AbortSignal): AskServer {
    this.#questions ??= new ServerQuestions(this.#http, this.#questioned(connection));
    const questions = this.#questions;
    return (question) => questions.ask(question, signal);
  }

  #questioned({ target, baseUrl, headers }: Connection): QuestionedServer {
    return { target, baseUrl, headers, key: this.#endpoint.key, connectMs: this.#row.timeLimits.connectMs };
  }

  async #readModels(connection: Connection, call: HttpCall): Promise<readonly ModelInfo[]> {
    const { adapter, target } = connection;
    const models: ModelInfo[] = [];
    let path: string | undefined = adapter.modelsPath;
    for (let page = 0; path !== undefined && page < MAX_MODEL_PAGES; page += 1) {
      const url = endpointUrl(connection.baseUrl, path);
      const { exchange, head } = await call.send({ method: "GET", url, headers: { accept: "application/json", ...connection.headers } });
      if (head.status >= 300) {
        const text = await readErrorText({ exchange, head }, call.timer);
        throw statusError(target, head.status, head.headers, text);
      }
      const packed = packedAs(head.headers);
      const body = await readWholeBody(exchange, MODELS_BODY_BYTES, packed).catch((error: unknown) => {
        throw asNetworkError(target, error);
      });
      const json = body.cut ? undefined : parseJson(body.text);
      const list = json === undefined ? undefined : adapter.readModels(json, this.#wireTarget(connection, undefined));
      if (list === undefined) throw listRefusal(target, json, head) ?? noList(target, url, body.cut ? packed : undefined);
      const [first] = list.models;
      // What stands between may pass over where the page is to begin, and give the same one for ever.
      if (models.some(({ model }) => model === first?.model)) break;
      models.push(...list.models);
      path = list.nextPath;
    }
    return models;
  }

  /** Throws `ProviderError`. What does not depend on the model is made once: it takes as long as half of all else before a request. */
  #connect(model: string | undefined): Connection {
    this.#common ??= this.#makeCommon();
    if (model === undefined) return this.#common;
    if (this.#connection?.target.model !== model) this.#connection = { ...this.#common, target: { ...this.#common.target, model } };
    return this.#connection;
  }

  #makeCommon(): Connection {
    const { key, api } = this.#endpoint;
    const baseUrl = this.#address;
    if (key === undefined && needsKey(this.#row, baseUrl)) throw missingKey(this.id, this.#row);
    const adapter = wireAdapter(this.#row, baseUrl, api);
    const headers = { "user-agent": "parley", ...adapter.headers, ...keyHeaders(this.id, this.#row, key) };
    const accept = adapter.framing === "sse" ? "text/event-stream" : "application/x-ndjson";
    return {
      adapter,
      baseUrl,
      headers,
      postHeaders: { "content-type": "application/json", accept, ...headers },
      target: {
        provider: this.id,
        name: this.#endpoint.name ?? this.#row.name,
        origin: baseUrl.origin,
        baseUrl: addressOf(baseUrl),
        lacksPath: this.#endpoint.baseUrl !== undefined && this.#row.wire.startsWith("openai") && baseUrl.pathname === "/",
      },
    };
  }

  /** Throws `ProviderError`. */
  get #address(): URL {
    const text = this.#endpoint.baseUrl ?? this.#row.defaultBaseUrl;
    if (text === undefined) throw missingBaseUrl(this.id, this.#row);
    this.#parsedAddress ??= parseBaseUrl(this.#row, text);
    return this.#parsedAddress;
  }

  /** Nobody changes it. */
  #url({ baseUrl }: Connection, path: string): URL {
    const known = this.#urls.get(path);
    if (known !== undefined) return known;
    const url = endpointUrl(baseUrl, path);
    if (this.#urls.size >= MAX_URLS) this.#urls.clear();
    this.#urls.set(path, url);
    return url;
  }

  #wireTarget(connection: Connection, model: string | undefined): WireTarget {
    const learned = model === undefined ? undefined : this.#learned.get(model);
    return { provider: this.id, row: this.#row, baseUrl: connection.baseUrl, learned: learned === undefined ? NOTHING : new Set(learned) };
  }

  /** What was learned that was not known. */
  #remember(model: string, lesson: string): readonly string[] {
    const lessons = this.#learned.get(model) ?? new Set<string>();
    const [oldest] = lessons;
    if (lessons.size >= MAX_REMEMBERED && oldest !== undefined) lessons.delete(oldest);
    const added = [lesson, ...refusedAlone(lesson, lessons)].filter((one) => !lessons.has(one));
    for (const one of added) lessons.add(one);
    this.#learned.set(model, lessons);
    return added;
  }

  #post(request: WireRequest, connection: Connection): HttpRequest {
    return {
      method: "POST",
      url: this.#url(connection, request.path),
      headers: request.headers === undefined ? connection.postHeaders : { ...connection.postHeaders, ...request.headers },
      body: wellFormedJson(JSON.stringify(request.body)),
    };
  }

  #thrown(error: unknown, signal: AbortSignal): unknown {
    if (error instanceof CallerAborted && signal.aborted) return signal.reason;
    return error instanceof ProviderError ? withoutKey(error, this.#endpoint.key) : error;
  }
}

function withLessons(target: WireTarget, once: readonly string[], prepared: Prepared | undefined): WireTarget {
  return { ...target, learned: new Set([...target.learned, ...once]), ...(prepared === undefined ? {} : { prepared }) };
}

/** A request, and where it goes. */
interface Asked {
  readonly request: ModelRequest;
  readonly connection: Connection;
  readonly call: HttpCall;
  readonly signal: AbortSignal;
}

/** How a request is sent, after what was refused of it. */
interface Attempt {
  /** Lessons for this request alone. */
  readonly once: readonly string[];
  readonly prepared: Prepared | undefined;
  /** What the last refusal taught, and its words. */
  readonly last: { readonly lessons: readonly string[]; readonly words: string } | undefined;
  /** Refusals so far. */
  readonly lessons: number;
}

const AT_FIRST: Attempt = { once: [], prepared: undefined, last: undefined, lessons: 0 };

/** Told as a refusal, and an answer all the same. */
interface RefusedAnswer extends OpenAnswer {
  /** What it holds. */
  readonly instead: readonly ProviderEvent[];
}

function firstEvents(answer: OpenAnswer | RefusedAnswer, key: string | undefined): readonly ProviderEvent[] {
  const events: ProviderEvent[] = [...answer.request.warnings];
  const requestId = requestIdOf(answer.head.headers);
  if (requestId !== undefined) events.push({ type: "request-id", requestId: strikeKey(requestId, key) });
  return "instead" in answer ? [...events, ...answer.instead] : events;
}
