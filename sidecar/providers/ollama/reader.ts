// Reads a stream of Ollama's `/api/chat`: one JSON object a line, each with a piece of the message, the last with the counts.

import type { FinishReason, JsonObject, JsonValue, Usage } from "../../types.ts";
import { CallIds } from "../call-ids.ts";
import { calledName } from "../call-names.ts";
import { readErrorJson } from "../error-payload.ts";
import { isErrorRecord, isTold } from "../error-record.ts";
import { HeldParts } from "../held-parts.ts";
import { asCount, asList, asObject, asText } from "../json-fields.ts";
import type { ProviderEvent } from "../provider.ts";
import { parseRecords } from "../record-json.ts";
import { type RecordShape, TextTemplate } from "../text-template.ts";
import { StreamFailure, type Prepared, type WireReader } from "../wire-adapter.ts";

type PieceField = "content" | "thinking" | "response";

/** Lines are the same but for their text and their time. */
const PIECE: RecordShape<PieceField> = {
  textOf: (record, field) => (field === "response" ? record : asObject(record["message"]))?.[field],
  varying: [{ name: "created_at", kind: "text", valueOf: (record) => record["created_at"] }],
};

export class OllamaReader implements WireReader {
  readonly #ids = new CallIds();
  readonly #held = new HeldParts();
  readonly #template = new TextTemplate<PieceField>(PIECE);
  #started = false;
  #done = false;
  #doneReason: string | null = null;
  #calls = 0;
  #usage: Usage | null = null;
  readonly #prepared: Prepared;

  constructor(prepared: Prepared = {}) {
    this.#prepared = prepared;
  }

  get started(): boolean {
    return this.#started;
  }

  /** Some versions end with a reason and never say that they are done (quirk 25). */
  get finished(): boolean {
    return this.#done || this.#doneReason !== null;
  }

  get ending(): boolean {
    return this.finished;
  }

  get done(): boolean {
    return false;
  }

  get usage(): Usage | null {
    return this.#usage;
  }

  readRecord(data: string, _event: string, out: ProviderEvent[]): void {
    const match = this.#template.match(data);
    if (match !== undefined) {
      this.#push(match.field === "thinking" ? "reasoning-delta" : "text-delta", match.text, out);
      return;
    }
    const before = out.length;
    const records = parseRecords(data);
    for (const record of records) this.#read(record, out);
    if (this.#template.learns && records.length === 1 && out.length === before + 1) this.#learnPiece(data, records[0]);
  }

  end(out: ProviderEvent[]): void {
    if (this.#usage !== null) {
      this.#checkPrompt(this.#usage, out);
      out.push({ type: "usage", ...this.#usage });
    }
    if (!this.finished) return;
    const raw = this.#doneReason;
    out.push({ type: "finish", finishReason: mapFinishReason(raw, this.#calls > 0), rawFinishReason: raw });
  }

  /**
   * Ollama counts the prompt that the model has read, cached or not. One as long as the context was cut to fit into it, and
   * one shorter than any count of what was sent has lost its oldest messages (quirk 35).
   */
  #checkPrompt({ inputTokens, estimated }: Usage, out: ProviderEvent[]): void {
    const { contextTokens = Number.POSITIVE_INFINITY, leastPromptTokens = 0 } = this.#prepared;
    if (estimated === true || (inputTokens < contextTokens && inputTokens >= leastPromptTokens)) return;
    const message = `The model has read ${inputTokens} tokens of the prompt, and not all of it: what did not fit into its context was left out.`;
    out.push({ type: "warning", code: "prompt-truncated", message });
  }

  #read(record: JsonObject, out: ProviderEvent[]): void {
    const message = asObject(record["message"]);
    // Under status 200, in the middle of an answer (quirk 11), or in its place.
    if (isTold(record["error"]) || (message === undefined && record["done"] === undefined && isErrorRecord(record)))
      throw new StreamFailure(readErrorJson(record));
    this.#push("reasoning-delta", message?.["thinking"] ?? record["thinking"], out);
    // `response` is how the sister interface `/api/generate` calls its text; proxies mix the two up.
    this.#push("text-delta", message?.["content"] ?? record["response"], out);
    for (const call of asList(message?.["tool_calls"]) ?? []) this.#readCall(asObject(call) ?? {}, asText(record["created_at"]) ?? "", out);
    const reason = asText(record["done_reason"]);
    if (reason !== undefined && reason !== "") this.#doneReason = reason;
    this.#usage = readUsage(record) ?? this.#usage;
    if (record["done"] === true) this.#done = true;
  }

  /** Of a line that brought nothing but one text. */
  #learnPiece(data: string, record: JsonObject | undefined): void {
    const message = asObject(record?.["message"]);
    if (record === undefined || message?.["tool_calls"] !== undefined || saysTheEnd(record)) return;
    const field = message === undefined ? "response" : isWritten(message["content"]) ? "content" : "thinking";
    const text = PIECE.textOf(record, field);
    if (typeof text === "string" && text !== "") this.#template.learn(data, field, text, undefined);
  }

  #push(type: "text-delta" | "reasoning-delta", value: JsonValue | undefined, out: ProviderEvent[]): void {
    if (typeof value !== "string" || value === "") return;
    this.#started = true;
    out.push({ type, text: value });
  }

  /** Calls come whole, their arguments as the object that they are; older versions give them no id. */
  #readCall(call: JsonObject, createdAt: string, out: ProviderEvent[]): void {
    const called = asObject(call["function"]);
    if (called === undefined) return;
    const written = called["arguments"];
    this.#started = true;
    this.#held.addCall(call);
    out.push({
      type: "tool-call",
      id: this.#ids.of(asText(call["id"]) ?? "", `call_${createdAt.replaceAll(/[^0-9]/gu, "")}_${this.#calls}`),
      name: calledName(asText(called["name"]) ?? ""),
      arguments: typeof written === "string" ? written : JSON.stringify(written ?? {}),
    });
    this.#calls += 1;
  }
}

/** Beside its text it says how the answer has ended, or what it took. */
function saysTheEnd(record: JsonObject): boolean {
  return record["done"] === true || isWritten(record["done_reason"]) || readUsage(record) !== undefined;
}

function isWritten(value: JsonValue | undefined): boolean {
  return typeof value === "string" && value !== "";
}

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["stop", "stop"],
  ["length", "length"],
]);

/** `raw` null: the answer was done without a reason. Ollama says `stop` also where the model called a tool. */
export function mapFinishReason(raw: string | null, calledTools: boolean): FinishReason {
  const known = raw === null ? "stop" : REASONS.get(raw);
  return calledTools && known === "stop" ? "tool-calls" : (known ?? "other");
}

/** The prompt's count is missing where all of it came out of the cache. What came out of it is a part of it (ollama/ollama#17943). */
function readUsage(record: JsonObject): Usage | undefined {
  const input = asCount(record["prompt_eval_count"]);
  const output = asCount(record["eval_count"]);
  if (input === undefined && output === undefined) return undefined;
  const cached = asCount(record["prompt_eval_cached_count"]);
  return {
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    ...(input === undefined ? { estimated: true } : {}),
    ...(cached === undefined || input === undefined ? {} : { cachedTokens: Math.min(cached, input) }),
  };
}
