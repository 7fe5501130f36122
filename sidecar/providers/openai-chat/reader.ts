// Reads a stream of chat completion chunks, as OpenAI defined them and as everybody else sends them.

import type { FinishReason, JsonObject, JsonValue } from "../../types.ts";
import { readErrorJson } from "../error-payload.ts";
import { isErrorRecord, isRefusedInside, isTold } from "../error-record.ts";
import { asItems, asList, asNumber, asObject, asText } from "../json-fields.ts";
import { mediaLeftOut } from "../media-left-out.ts";
import type { ProviderEvent, ReportedUsage } from "../provider.ts";
import { isEndMark, isSignOfLife, parseRecords } from "../record-json.ts";
import { isOtherTier } from "../service-tier.ts";
import { TextTemplate } from "../text-template.ts";
import { StreamFailure, type WireReader, type WireTarget } from "../wire-adapter.ts";
import { type DeltaField, DELTA_SHAPE } from "./delta-shape.ts";
import { FinishMark } from "./finish-mark.ts";
import { mapFinishReason } from "./finish-reason.ts";
import { CHAT_WIRE } from "./messages.ts";
import { ReasoningDetails, textsOfDetails } from "./reasoning-details.ts";
import { RepeatedTexts, repeatedTexts } from "./repeated-texts.ts";
import { ToolCallAssembly, toolCallEvent } from "./tool-calls.ts";
import { latestUsage, readChatUsage } from "./usage.ts";

/** What a chunk that was learned from told beside its text. */
interface BesideText {
  readonly usage: ReportedUsage | undefined;
  readonly otherTier: boolean;
}

export class ChatReader implements WireReader {
  readonly #target: WireTarget;
  readonly #calls: ToolCallAssembly;
  /** Of choices that were not asked for. */
  readonly #otherCalls: ToolCallAssembly;
  readonly #template = new TextTemplate<DeltaField, BesideText>(DELTA_SHAPE);
  readonly #finish = new FinishMark();
  #started = false;
  /** Since the chunk that is being read began. */
  #contentCame = false;
  #done = false;
  #refused = false;
  /** The answer began in a message in the place of a delta, and no delta came since. */
  #messages: RepeatedTexts | null = null;
  #usage: ReportedUsage | null = null;
  #otherTier = false;
  /** Seldom are there any. */
  #details: ReasoningDetails | null = null;
  /** Undefined: no chunk has told the model yet; null: it is none whose texts are to be looked at. */
  #repeated: RepeatedTexts | null | undefined;
  /** Under one of its names: the details only repeat it then. */
  #reasoningCame = false;
  /** Nothing but the mark of the end came: that is no answer, as an empty body is none. */
  #isEmpty = true;

  constructor(target: WireTarget, offered: readonly string[] = []) {
    this.#target = target;
    this.#calls = new ToolCallAssembly(offered);
    this.#otherCalls = new ToolCallAssembly(offered);
  }

  get started(): boolean {
    return this.#started;
  }

  get finished(): boolean {
    return this.#finish.stands || (this.#done && !this.#finish.isGivenUp);
  }

  get ending(): boolean {
    return this.finished && (this.#done || (this.#started && this.#finish.isCertain));
  }

  /** Usage follows the finish reason, so only the marker of the stream's end says that nothing else will come. */
  get done(): boolean {
    return this.#done;
  }

  get usage(): ReportedUsage | null {
    if (this.#usage === null) return null;
    return { ...this.#usage, ...(this.#otherTier ? { otherTier: true } : {}), ...(this.finished ? {} : { estimated: true }) };
  }

  readRecord(data: string, event: string, out: ProviderEvent[]): void {
    if (isEndMark(data)) {
      this.#done = true;
      return;
    }
    this.#isEmpty = false;
    const match = event === "" && this.#repeated?.areApart !== false ? this.#template.match(data) : undefined;
    if (match === undefined) {
      this.#readInFull(data, event, out);
      return;
    }
    const usage = match.varied === undefined ? match.place.usage : readChatUsage(match.varied);
    if (usage !== undefined) this.#countBeside(usage, match.place);
    if (match.field === "content") this.#text(match.text, out);
    else this.#reasoning(match.text, out);
  }

  #countBeside(told: ReportedUsage, { otherTier }: BesideText): void {
    this.#usage = latestUsage(this.#usage, told);
    this.#otherTier ||= otherTier;
  }

  end(out: ProviderEvent[]): void {
    for (const rest of [this.#repeated?.newOf(undefined), this.#messages?.newOf(undefined)])
      if (rest !== undefined) this.#readDelta(rest, out);
    const whole = this.finished && !this.#isEmpty;
    if (whole && this.#details !== null && this.#details.all.length > 0) {
      const details = { wire: CHAT_WIRE, reasoningDetails: this.#details.all };
      out.push({ type: "opaque", provider: this.#target.provider, data: details });
    }
    const { reason } = this.#finish;
    // Copilot has what Claude says in one choice, and its calls in the next (ericc-ch/copilot-api#81).
    const calls = !this.#calls.any && mapFinishReason(reason, false, false) === "tool-calls" ? this.#otherCalls : this.#calls;
    const finishReason = mapFinishReason(reason, calls.any, this.#refused);
    // A call that was cut is no call: its arguments may stop anywhere.
    if (whole) this.#endCalls(calls, finishReason, out);
    else if (this.#started && this.#finish.isGivenUp) out.push({ type: "warning", code: "answer-given-up", message: GIVEN_UP });
    const { usage } = this;
    if (usage !== null) out.push({ type: "usage", ...usage });
    if (whole) out.push({ type: "finish", finishReason, rawFinishReason: reason });
  }

  #readInFull(data: string, event: string, out: ProviderEvent[]): void {
    const before = out.length;
    const chunks = parseRecords(data, event);
    for (const chunk of chunks) this.#readChunk(chunk, event, out);
    if (!this.#template.learns || this.#repeated?.areApart === false) return;
    const [chunk] = chunks;
    const came = out[before];
    if (chunk === undefined || chunks.length > 1 || out.length !== before + 1 || came === undefined || !bringsOnlyADelta(chunk)) return;
    const delta = asObject(asObject(asList(chunk["choices"])?.[0])?.["delta"]);
    if (delta === undefined) return;
    const beside = { usage: readChatUsage(chunk["usage"]), otherTier: isOtherTier(chunk, this.#target.row) };
    if (came.type === "text-delta" && delta["content"] === came.text) this.#template.learn(data, "content", came.text, beside);
    if (came.type !== "reasoning-delta") return;
    const field = delta["reasoning_content"] === came.text ? "reasoning_content" : "reasoning";
    if (delta[field] === came.text) this.#template.learn(data, field, came.text, beside);
  }

  #readChunk(chunk: JsonObject, event: string, out: ProviderEvent[]): void {
    const choices = asList(chunk["choices"]);
    // Also of an answer that fails: it was paid for.
    const usage = readChatUsage(chunk["usage"]);
    this.#usage = latestUsage(this.#usage, usage);
    // Each chunk tells it, and one is enough.
    if (usage !== undefined || !this.#started) this.#otherTier ||= isOtherTier(chunk, this.#target.row);
    if (isError(chunk, event, choices)) throw new StreamFailure(readErrorJson(chunk));
    readProgress(chunk["prompt_progress"], out);
    if (usage !== undefined && choices?.length === 0) this.#finish.counted();
    if (this.#repeated === undefined && choices !== undefined && choices.length > 0) this.#repeated = repeatedTexts(chunk, this.#target);
    // The first chunk and the last may have none, or an empty list (quirks 18 and 23).
    this.#contentCame = false;
    const own: JsonObject[] = [];
    for (const value of choices ?? []) {
      const choice = asObject(value) ?? {};
      // One answer was asked for; whoever sends others is not followed, unless the one lacks its calls.
      if ((asNumber(choice["index"]) ?? 0) === 0) own.push(choice);
      else this.#otherCalls.add((asObject(choice["delta"]) ?? asObject(choice["message"]))?.["tool_calls"]);
    }
    for (const choice of own) this.#readChoice(choice, out);
    // Whatever came beside a reason came before it.
    for (const { finish_reason } of own) this.#readReason(finish_reason);
  }

  #readChoice(choice: JsonObject, out: ProviderEvent[]): void {
    this.#usage = latestUsage(this.#usage, readChatUsage(choice["usage"]));
    const told = this.#deltaOf(choice);
    const repeated = told !== undefined && told !== choice["delta"] ? (this.#messages ?? this.#repeated) : this.#repeated;
    const delta = repeated?.newOf(told) ?? told;
    if (delta !== undefined) this.#readDelta(delta, out);
    // The older completions have their text here. Together repeats what its delta says.
    else this.#text(choice["text"], out);
    const message = asObject(choice["message"]);
    if (message !== undefined && message !== told) this.#readLateCalls(message);
    // OpenRouter can tell of the error in the choice that it ended.
    if (isTold(choice["error"])) throw new StreamFailure(readErrorJson(choice));
  }

  #readReason(told: JsonValue | undefined): void {
    const reason = asText(told);
    if (reason !== undefined && reason !== "") this.#finish.set(reason, this.#contentCame);
  }

  /**
   * A whole message stands in for deltas where there are none, or an empty one; some servers repeat it at the end of a stream. Where the
   * answer has begun in such a message and no delta comes, the next one goes on from there, or has all of it.
   */
  #deltaOf(choice: JsonObject): JsonObject | undefined {
    const delta = asObject(choice["delta"]);
    const message = asObject(choice["message"]);
    if (delta !== undefined && Object.keys(delta).length > 0) {
      this.#messages = null;
      return delta;
    }
    if (message === undefined) return delta;
    if (this.#started) return this.#messages !== null && delta === undefined && !this.#contentCame ? message : delta;
    if (delta === undefined) this.#messages ??= new RepeatedTexts(true);
    return message;
  }

  /** Some servers stream the text alone, and have the calls in the whole message at the end. */
  #readLateCalls(message: JsonObject): void {
    if (this.#calls.any) return;
    if (this.#calls.add(message["tool_calls"]) || this.#calls.addLegacy(message["function_call"])) this.#content();
  }

  #readDelta(delta: JsonObject, out: ProviderEvent[]): void {
    this.#readReasoning(delta, out);
    const content = delta["content"];
    if (typeof content === "string") this.#text(content, out);
    else this.#readParts(asItems(content), out);
    // What an answer in sound says is written beside the sound alone (langfuse/langfuse-python#1831).
    if ((content ?? "") === "") this.#text(asObject(delta["audio"])?.["transcript"], out);
    this.#refusal(delta["refusal"], out);
    warnOfMedia(delta, out);
    if (this.#calls.add(delta["tool_calls"])) this.#content();
    if (this.#calls.addLegacy(delta["function_call"])) this.#content();
    const details = asList(delta["reasoning_details"]);
    if (details !== undefined) (this.#details ??= new ReasoningDetails()).add(details);
  }

  /**
   * Three names, and sometimes two of them at once with the same words: the first that holds something counts (quirk 27). Details
   * in OpenRouter's manner repeat them, and are read where nothing else came.
   */
  #readReasoning(delta: JsonObject, out: ProviderEvent[]): void {
    const text = nonEmpty(delta["reasoning_content"]) ?? nonEmpty(delta["reasoning"]) ?? nonEmpty(delta["reasoning_text"]);
    // Envoy's gateway sends Bedrock's reasoning as an object (envoyproxy/ai-gateway#1222), others as a list.
    const thought = text ?? (joinedTexts(delta["reasoning_content"]) || joinedTexts(delta["reasoning"]));
    this.#reasoningCame ||= thought !== "";
    this.#reasoning(this.#reasoningCame ? thought : textsOfDetails(delta["reasoning_details"]), out);
  }

  /**
   * Mistral's reasoning models send content as a list: thinking in parts of its own (quirk 28), text, references. So do models at
   * Databricks, whose reasoning is a part with a summary (databricks/appkit#559). A part can be its text alone.
   */
  #readParts(parts: readonly JsonValue[], out: ProviderEvent[]): void {
    for (const value of parts) {
      const part = asObject(value) ?? { text: value };
      const isReasoning = part["type"] === "reasoning";
      const thinking = part["thinking"] ?? (isReasoning ? (part["summary"] ?? part["text"]) : undefined);
      if (typeof thinking === "string") this.#reasoning(thinking, out);
      else for (const thought of asList(thinking) ?? []) this.#reasoning(asText(asObject(thought)?.["text"]) ?? "", out);
      if (!isReasoning) this.#text(part["text"], out);
    }
  }

  #text(value: JsonValue | undefined, out: ProviderEvent[]): void {
    if (typeof value !== "string" || value === "") return;
    this.#content();
    out.push({ type: "text-delta", text: value });
  }

  /** In the place of an answer that was to satisfy a schema (https://platform.openai.com/docs/guides/structured-outputs). */
  #refusal(value: JsonValue | undefined, out: ProviderEvent[]): void {
    this.#refused ||= typeof value === "string" && value !== "";
    this.#text(value, out);
  }

  #reasoning(text: string, out: ProviderEvent[]): void {
    if (text === "") return;
    this.#content();
    out.push({ type: "reasoning-delta", text });
  }

  #content(): void {
    this.#started = true;
    this.#contentCame = true;
    this.#finish.content();
  }

  #endCalls(calls: ToolCallAssembly, finishReason: FinishReason, out: ProviderEvent[]): void {
    for (const call of calls.finished(CUTTING.includes(finishReason))) {
      out.push(toolCallEvent(call));
      if (call.extraContent === undefined) continue;
      const data = { wire: CHAT_WIRE, toolCall: call.id, extraContent: call.extraContent };
      out.push({ type: "opaque", provider: this.#target.provider, data });
    }
  }
}

const GIVEN_UP = 'The server gave the answer up before it was whole: it ended with the finish reason "abort".';

/** What ends an answer wherever it is. */
const CUTTING: readonly FinishReason[] = ["length", "content-filter", "error"];

/**
 * Pictures stand beside the text (https://openrouter.ai/docs/features/multimodal/image-generation), sound as well
 * (https://platform.openai.com/docs/guides/audio).
 */
function warnOfMedia(delta: JsonObject, out: ProviderEvent[]): void {
  const images = asList(delta["images"])?.length ?? 0;
  const what = images > 0 ? "a picture" : asObject(delta["audio"]) === undefined ? undefined : "sound";
  if (what !== undefined) out.push(mediaLeftOut(what));
}

/** Everything that a chunk can change beside its one delta's text, and the figures so far, is absent. */
function bringsOnlyADelta(chunk: JsonObject): boolean {
  const choices = asList(chunk["choices"]);
  const choice = asObject(choices?.[0]);
  const delta = asObject(choice?.["delta"]);
  if (choices?.length !== 1 || choice === undefined || delta === undefined) return false;
  const hasReason = typeof choice["finish_reason"] === "string" && choice["finish_reason"] !== "";
  const changes = [
    chunk["prompt_progress"],
    choice["usage"],
    choice["text"],
    delta["tool_calls"],
    delta["function_call"],
    delta["reasoning_details"],
    delta["images"],
    delta["audio"],
  ];
  return !hasReason && changes.every((value) => value === undefined || value === null);
}

/** Quirks 8 and 9, and errors that stand where a chunk should, without the word `error`. */
function isError(chunk: JsonObject, event: string, choices: readonly JsonValue[] | undefined): boolean {
  if (isTold(chunk["error"]) || isRefusedInside(chunk)) return true;
  if (choices !== undefined) return false;
  if (event === "error" || chunk["object"] === "error") return true;
  return chunk["usage"] === undefined && !isSignOfLife(event) && isErrorRecord(chunk);
}

/** llama.cpp's server, while it reads the prompt: `{total, cache, processed, time_ms}` in tokens. */
function readProgress(value: JsonValue | undefined, out: ProviderEvent[]): void {
  const progress = asObject(value);
  const total = asNumber(progress?.["total"]);
  const processed = asNumber(progress?.["processed"]);
  if (total === undefined || processed === undefined || total <= 0) return;
  out.push({ type: "status", phase: "processing-prompt", progress: Math.min(1, Math.max(0, processed / total)) });
}

function joinedTexts(value: JsonValue | undefined): string {
  if (typeof value !== "object" || value === null) return "";
  return asItems(value)
    .map((item) => asText(item) ?? asText(asObject(item)?.["text"]) ?? "")
    .join("");
}

function nonEmpty(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
