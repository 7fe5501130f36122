// What a server is asked beside its answers and its list of models: how large a model's context is, what is loaded. Such
// knowledge makes requests better and is never a condition for one, so a server that does not know the question, or does not
// answer in time, has simply nothing to say. Answers are kept for a while, and one question is under way only once.

import { orAborted } from "../abort.ts";
import type { HttpClient } from "../http/http-client.ts";
import { packedAs } from "../http/packed-body.ts";
import { readWholeBody } from "../http/read-body.ts";
import type { JsonObject, JsonValue } from "../types.ts";
import { urlBeside } from "./base-url.ts";
import { HttpCall } from "./http-call.ts";
import { parseJson } from "./json-fields.ts";
import type { CallTarget } from "./provider-errors.ts";
import { wellFormedJson } from "./well-formed-json.ts";

export interface ServerQuestion {
  readonly method: "GET" | "POST";
  /** From the base URL, which counts as a folder: `api/show`, `../props`. */
  readonly path: string;
  readonly body?: JsonObject;
  /** A header in which the key travels beside the provider's usual one. */
  readonly keyHeader?: string;
  /** Milliseconds for which the answer stays good. */
  readonly keepMs: number;
  /** The same for having nothing to say. Default: five seconds, or `keepMs` where that is shorter. */
  readonly keepNothingMs?: number;
}

/** Undefined where the server has nothing to say. Rejects with the caller's own reason alone, when the caller wants no more. */
export type AskServer = (question: ServerQuestion) => Promise<JsonValue | undefined>;

/** The same for what is asked once: see `askOnce`. */
export type AskServerOnce = (question: Omit<ServerQuestion, "keepMs" | "keepNothingMs">) => Promise<JsonValue | undefined>;

export interface QuestionedServer {
  readonly target: CallTarget;
  readonly baseUrl: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string | undefined;
  /** Milliseconds. */
  readonly connectMs: number;
}

interface KeptAnswer {
  readonly answer: Promise<JsonValue | undefined>;
  /** By `performance.now()`; null while the question is under way. */
  goodUntil: number | null;
}

/** An answer waits for this before it is asked for, so it is short; servers answer such questions from memory. */
const ANSWER_MS = 3000;
/** The properties of llama.cpp's server hold a chat template of some hundred kilobytes. */
const BODY_BYTES = 8 * 1024 * 1024;
/** After a failure: a server that is just starting soon has more to say. */
const KEEP_NOTHING_MS = 5000;
const MAX_KEPT = 1000;

export class ServerQuestions {
  readonly #http: HttpClient;
  readonly #server: QuestionedServer;
  readonly #kept = new Map<string, KeptAnswer>();

  constructor(http: HttpClient, server: QuestionedServer) {
    this.#http = http;
    this.#server = server;
  }

  /** A caller who leaves does not take the question back: others may wait for the same answer. */
  async ask(question: ServerQuestion, signal: AbortSignal): Promise<JsonValue | undefined> {
    const name = JSON.stringify([question.method, question.path, question.body]);
    const kept = this.#kept.get(name);
    if (kept !== undefined && (kept.goodUntil === null || performance.now() < kept.goodUntil)) return orAborted(kept.answer, signal);
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    const asked: KeptAnswer = { answer: this.#send(question), goodUntil: null };
    this.#kept.set(name, asked);
    void asked.answer.then((answer) => {
      const keepMs = answer === undefined ? (question.keepNothingMs ?? Math.min(question.keepMs, KEEP_NOTHING_MS)) : question.keepMs;
      asked.goodUntil = performance.now() + keepMs;
    });
    return orAborted(asked.answer, signal);
  }

  #send(question: ServerQuestion): Promise<JsonValue | undefined> {
    return askOnce(this.#http, this.#server, question, new AbortController().signal);
  }
}

/** One question whose answer is not kept, since it is about what only its asker has. Aborting the signal closes its socket. */
export async function askOnce(
  http: HttpClient,
  { target, baseUrl, headers, key, connectMs }: QuestionedServer,
  { method, path, body, keyHeader }: Omit<ServerQuestion, "keepMs" | "keepNothingMs">,
  signal: AbortSignal,
): Promise<JsonValue | undefined> {
  const limits = { connectMs: Math.min(connectMs || ANSWER_MS, ANSWER_MS), answer: { stage: "list", ms: ANSWER_MS } } as const;
  const call = new HttpCall(http, target, limits, signal);
  try {
    const { exchange, head } = await call.send({
      method,
      url: urlBeside(baseUrl, path),
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
        ...(keyHeader === undefined || key === undefined ? {} : { [keyHeader]: key }),
      },
      ...(body === undefined ? {} : { body: wellFormedJson(JSON.stringify(body)) }),
    });
    if (head.status >= 300) return undefined;
    const { text, cut } = await readWholeBody(exchange, BODY_BYTES, packedAs(head.headers));
    return cut ? undefined : parseJson(text);
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    call.close();
  }
}
