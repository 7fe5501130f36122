// Reads a stream of OpenAI's Responses API (https://platform.openai.com/docs/api-reference/responses-streaming): items that
// are added, grow and are done, and one terminal event for the whole response.

import type { JsonObject, JsonValue } from "../../types.ts";
import { isWholeCall } from "../conversation.ts";
import { readErrorJson } from "../error-payload.ts";
import { isUntypedErrorRecord, withoutOwnType } from "../error-record.ts";
import { HeldParts, MAX_PARTS } from "../held-parts.ts";
import { asJsonText, asList, asObject, asText } from "../json-fields.ts";
import { mediaLeftOut } from "../media-left-out.ts";
import type { ProviderEvent, ReportedUsage } from "../provider.ts";
import { parseTypedRecords } from "../record-json.ts";
import { TextTemplate } from "../text-template.ts";
import { StreamFailure, type WireReader, type WireTarget } from "../wire-adapter.ts";
import { ResponseCalls, type PlacedItem } from "./calls.ts";
import { endStatus, mapFinishReason } from "./finish-reason.ts";
import { answeredCall, RESPONSES_WIRE, waitingCall } from "./items.ts";
import { isSound, isSpoken, warnOfMedia } from "./media.ts";
import { blankLine, isOtherPart, joinedTexts, partIndex, partKeys, placeOf, toldPart, wholePart, type PartPlace } from "./part-places.ts";
import { isNamed, TEXT_GROWS, TEXT_SHAPE } from "./text-shape.ts";
import { readResponseUsage } from "./usage.ts";

export class ResponsesReader implements WireReader {
  readonly #target: WireTarget;
  /** Parts of which something came, so that their repetition at the end is passed over. */
  readonly #seen = new Set<string>();
  #seenItem: JsonValue | undefined;
  #seenPart: JsonValue | undefined;
  /** Calls in items of other kinds, by their id, that wait for the caller's output: those that ran there have one. */
  readonly #waiting = new Set<string>();
  readonly #held = new HeldParts();
  readonly #template = new TextTemplate<"delta", JsonObject>(TEXT_SHAPE);
  #calls = new ResponseCalls(this.#held);
  /** What tells of the latest call, as long as it may be one that was cut: no arguments came, or not all of them. */
  #doubted: readonly ProviderEvent[] = [];
  #response: string | undefined;
  /** The latest piece of text, and where its message stands. */
  #said = "";
  #message: PartPlace | null = null;
  /** UTF-16 units of text that came since a message was said to be done. */
  #unended = 0;
  /** The end of the latest pieces of reasoning, and where the last of them belongs. */
  #thought = "";
  #reasoningPart: PartPlace | null = null;
  #reasoningKept = false;
  #started = false;
  #ended = false;
  #calledTools = false;
  #refused = false;
  #keepsItems = false;
  #rawFinishReason: string | null = null;
  #usage: ReportedUsage | null = null;

  constructor(target: WireTarget) {
    this.#target = target;
  }

  get started(): boolean {
    return this.#started;
  }

  get finished(): boolean {
    return this.#ended;
  }

  get ending(): boolean {
    return this.finished;
  }

  /** Only the end of the body: a recorded body can hold the responses of several steps. */
  get done(): boolean {
    return false;
  }

  get usage(): ReportedUsage | null {
    return this.#usage;
  }

  readRecord(data: string, event: string, out: ProviderEvent[]): void {
    if (event === TEXT_GROWS && this.#readGrowth(data, out)) return;
    for (const [record, type] of parseTypedRecords(data, event)) {
      this.#readEvent(record, type, out);
      const { delta: text } = record;
      if (type === event && type === TEXT_GROWS && isNamed(record) && typeof text === "string")
        this.#template.learn(data, "delta", text, record);
    }
  }

  end(out: ProviderEvent[]): void {
    if (this.#usage !== null) out.push({ type: "usage", ...this.#usage });
    if (!this.#ended) return;
    const raw = this.#rawFinishReason;
    const called = this.#calledTools || this.#waiting.size > 0;
    out.push({ type: "finish", finishReason: mapFinishReason(raw, called, this.#refused), rawFinishReason: raw });
  }

  #readEvent(record: JsonObject, type: string, out: ProviderEvent[]): void {
    switch (type) {
      case "response.created":
        this.#startResponse(asText(asObject(record["response"])?.["id"]));
        break;
      case "response.output_text.delta":
        this.#text(record, out);
        break;
      case "response.reasoning_text.delta":
      case "response.reasoning_summary_text.delta":
        this.#reasoning(record, type, out);
        break;
      case "response.output_text.done":
      case "response.refusal.done":
      case "response.content_part.done":
        this.#readPart(record, toldPart(record) ?? {}, out);
        break;
      case "response.refusal.delta":
        this.#refused = true;
        this.#text(record, out);
        break;
      case "response.function_call_arguments.delta":
        this.#started = true;
        this.#calls.growArguments(placeOf(record), asText(record["delta"]) ?? "");
        break;
      case "response.function_call_arguments.done":
        this.#calls.setArguments(placeOf(record), asJsonText(record["arguments"]));
        break;
      case "response.output_item.added":
        this.#beginItem(asObject(record["item"]) ?? {}, placeOf(record), out);
        break;
      case "response.output_item.done":
        this.#endItem(asObject(record["item"]) ?? {}, placeOf(record), out);
        break;
      case "response.completed":
      case "response.incomplete":
      case "response.cancelled":
      case "response.failed":
        this.#endResponse(asObject(record["response"]) ?? {}, type.slice("response.".length), out);
        break;
      case "response.done":
        // The name of every end at the realtime API, and at gateways that took it from there.
        if (!this.#ended) this.#endResponse(asObject(record["response"]) ?? {}, "completed", out);
        break;
      default:
        this.#readOther(record, type, out);
    }
  }

  /** Some are said to begin twice. */
  #startResponse(id: string | undefined): void {
    if (!this.#ended && id === this.#response) return;
    this.#response = id;
    this.#ended = false;
    this.#calledTools = false;
    this.#refused = false;
    this.#said = "";
    this.#message = null;
    this.#unended = 0;
    this.#thought = "";
    this.#reasoningPart = null;
    this.#reasoningKept = false;
    this.#seen.clear();
    this.#seenItem = undefined;
    this.#waiting.clear();
    this.#calls = new ResponseCalls(this.#held);
    this.#doubted = [];
  }

  #readOther(record: JsonObject, type: string, out: ProviderEvent[]): void {
    if (type === "error") throw new StreamFailure(readErrorJson(withoutOwnType(record)));
    if (record["object"] === undefined && isUntypedErrorRecord(record, type)) throw new StreamFailure(readErrorJson(record));
    if (isSound(type)) out.push(mediaLeftOut("sound"));
    else if (isSpoken(type)) this.#readSpoken(record, type, out);
    // The whole response at once, from a server that does not stream.
    else if (record["object"] === "response") this.#endResponse(record, asText(record["status"]) ?? "completed", out);
  }

  #text(record: JsonObject, out: ProviderEvent[]): void {
    const text = asText(record["delta"]) ?? "";
    if (text === "") return;
    // Once for each part, not for each of its deltas.
    if (!this.#isOfSeenPart(record)) this.#beginText(record, text, out);
    this.#say(text, out);
  }

  #isOfSeenPart({ item_id: item, content_index: part }: JsonObject): boolean {
    return item !== undefined && item === this.#seenItem && part === this.#seenPart;
  }

  /** More of the part that was seen last. False: it has to be parsed. */
  #readGrowth(data: string, out: ProviderEvent[]): boolean {
    const match = this.#template.match(data);
    if (match === undefined || !this.#isOfSeenPart(match.place)) return false;
    this.#say(match.text, out);
    return true;
  }

  #say(text: string, out: ProviderEvent[]): void {
    this.#said = text;
    this.#unended += text.length;
    this.#started = true;
    out.push({ type: "text-delta", text });
  }

  #readSpoken(record: JsonObject, type: string, out: ProviderEvent[]): void {
    if (type.endsWith(".delta")) this.#text(record, out);
    else this.#readPart(record, record, out);
  }

  #readPart(record: JsonObject, part: JsonObject, out: ProviderEvent[]): void {
    const { text, isRefusal } = wholePart(part);
    if (this.#wholeText(record, text, out)) this.#refused ||= isRefusal;
  }

  /** Text that is told of at once, unless it came before. Whether it is told now. */
  #wholeText(record: JsonObject, text: string, out: ProviderEvent[]): boolean {
    if (text === "" || this.#wasSeen(record) || this.#repeats(text)) return false;
    this.#text({ ...record, delta: text }, out);
    return true;
  }

  /**
   * It is all that came since the last message, whatever its id and its place: vLLM goes on counting the parts of one item in the
   * next, or counts each piece as one (vllm-project/vllm#45742).
   */
  #repeats(text: string): boolean {
    return text.length === this.#unended && text.endsWith(this.#said);
  }

  /** The messages of one response, as a word on what is done and the answer itself, are paragraphs. */
  #beginText(record: JsonObject, text: string, out: ProviderEvent[]): void {
    this.#seenItem = record["item_id"];
    this.#seenPart = record["content_index"];
    for (const key of partKeys(record)) this.#see(key);
    const before = this.#message;
    this.#message = { id: asText(record["item_id"]), place: placeOf(record), index: 0 };
    // LiteLLM gives two messages one place (BerriAI/litellm#36375): what follows one that is done is another.
    const gap = before !== null && (this.#unended === 0 || isOtherPart(before, this.#message)) ? blankLine(this.#said, text) : "";
    if (gap !== "") out.push({ type: "text-gap", text: gap });
  }

  /** Servers exist that give each delta another id; the place that they keep is known by then. */
  #see(key: string): void {
    if (this.#seen.size < MAX_PARTS) this.#seen.add(key);
  }

  #wasSeen(record: JsonObject): boolean {
    return partKeys(record).some((key) => this.#seen.has(key));
  }

  /** Where a server sends both what was thought and its summary, what came first is what is shown (quirk 27). */
  #reasoning(record: JsonObject, type: string, out: ProviderEvent[]): void {
    const text = asText(record["delta"]) ?? "";
    const other = type === "response.reasoning_text.delta" ? "summary" : "text";
    if (text === "" || this.#seen.has(`${other}:${placeOf(record)}`)) return;
    this.#see(`${other === "text" ? "summary" : "text"}:${placeOf(record)}`);
    const id = asText(record["item_id"]);
    if (id !== undefined) this.#see(`reasoned:${id}`);
    const before = this.#reasoningPart;
    this.#reasoningPart = { id, place: placeOf(record), index: partIndex(record) };
    const gap = before !== null && isOtherPart(before, this.#reasoningPart) ? blankLine(this.#thought, text) : "";
    this.#thought = `${this.#thought}${text}`.slice(-2);
    this.#started = true;
    out.push(gap === "" ? { type: "reasoning-delta", text } : { type: "reasoning-delta", text, gap });
  }

  #beginItem(item: JsonObject, place: number, out: ProviderEvent[]): void {
    this.#tellDoubted(out);
    if (item["type"] === "function_call") this.#calls.begin(item, place);
  }

  #endItem(item: JsonObject, place: number, out: ProviderEvent[]): void {
    const type = asText(item["type"]) ?? "";
    this.#tellDoubted(out);
    warnOfMedia(item, out);
    if (type === "function_call") {
      this.#endCall(item, place, out);
    } else if (type === "message") {
      this.#endMessage(item, place, out);
    } else if (type === "reasoning") {
      this.#tellReasoning(item, place, out);
      this.#keepReasoning(item, out);
    } else if (type !== "") {
      this.#keepsItems = true;
      const [call, output] = [waitingCall(item), answeredCall(item)];
      if (call !== undefined) this.#waiting.add(call);
      if (output !== undefined) this.#waiting.delete(output);
      this.#keep(item, out);
    }
  }

  /** Reasoning of which no piece came before its item was done. */
  #tellReasoning(item: JsonObject, place: number, out: ProviderEvent[]): void {
    const keys = [`text:${place}`, `summary:${place}`, `reasoned:${asText(item["id"]) ?? ""}`];
    if (keys.some((key) => this.#seen.has(key))) return;
    const thought = joinedTexts(item["content"]);
    const [type, delta] = thought === "" ? ["summary_text", joinedTexts(item["summary"])] : ["text", thought];
    this.#reasoning({ item_id: item["id"], output_index: place, delta }, `response.reasoning_${type}.delta`, out);
  }

  /** Reasoning that is not encrypted cannot go back, since nothing is stored at the provider's. */
  #keepReasoning(item: JsonObject, out: ProviderEvent[]): void {
    if (typeof item["encrypted_content"] !== "string") return;
    this.#keepsItems = true;
    this.#reasoningKept = true;
    this.#keep(item, out);
  }

  /**
   * A call that says of itself that it is not complete is none, as those that were begun: its arguments may stop anywhere. Servers
   * exist that call every one complete: there the end of the response decides.
   */
  #endCall(item: JsonObject, place: number, out: ProviderEvent[]): void {
    if (item["status"] === "incomplete") return;
    const call = this.#calls.end(item, place);
    if (call === undefined) return;
    this.#started = true;
    const told: ProviderEvent[] = [{ type: "tool-call", ...call }];
    if (this.#keepsItems) this.#keep({ type: "function_call", id: item["id"], call_id: call.id }, told);
    this.#doubted = told;
    if (isWholeCall(call.arguments)) this.#tellDoubted(out);
  }

  /** Where another item follows, or the response is complete, the call was not cut, and its arguments are all there are. */
  #tellDoubted(out: ProviderEvent[]): void {
    if (this.#doubted.length === 0) return;
    this.#calledTools = true;
    out.push(...this.#doubted);
    this.#doubted = [];
  }

  #endMessage(item: JsonObject, place: number, out: ProviderEvent[]): void {
    const content = item["content"];
    const parts = typeof content === "string" ? [{ text: content }] : (asList(content) ?? []).map((part) => asObject(part) ?? {});
    const texts = parts.map((part) => wholePart(part).text);
    for (const [index, part] of this.#repeats(texts.join("")) ? [] : parts.entries())
      this.#readPart({ item_id: item["id"], output_index: place, content_index: index }, part, out);
    this.#unended = 0;
    // The API asks for the phase back of every message, and for the id beside other items alone.
    if (this.#keepsItems) this.#keep({ type: "message", id: item["id"], phase: item["phase"] }, out);
    else if (typeof item["phase"] === "string") this.#keep({ type: "message", phase: item["phase"] }, out);
  }

  #endResponse(response: JsonObject, named: string, out: ProviderEvent[]): void {
    const status = endStatus(named, response);
    this.#usage = readResponseUsage(response, this.#target) ?? this.#usage;
    // What failed was paid for up to there.
    if (status === "failed" && this.#usage !== null) out.push({ type: "usage", ...this.#usage });
    if (status === "failed") throw new StreamFailure(readErrorJson({ error: response["error"] ?? { message: "" } }));
    if (status === "completed") this.#endBegunCalls(this.#calls.grown, out);
    this.#readMissing(asList(response["output"]) ?? [], out);
    if (status === "completed") {
      this.#endBegunCalls(this.#calls.unfinished, out);
      this.#tellDoubted(out);
    }
    this.#doubted = [];
    const reason = asText(asObject(response["incomplete_details"])?.["reason"]);
    this.#rawFinishReason = status === "incomplete" ? (reason ?? status) : status;
    this.#ended = true;
  }

  /**
   * The response repeats its whole output. Servers that tell of nothing before are read from that. Text and reasoning are
   * missing where none came at all: their ids and places can be others here than they were in the stream.
   */
  #readMissing(output: readonly JsonValue[], out: ProviderEvent[]): void {
    const items = output.flatMap((value, place) => {
      const item = asObject(value);
      return item === undefined ? [] : [{ item, place }];
    });
    const textIsMissing = this.#said === "";
    const [reasoningIsMissing, encryptedIsMissing] = [this.#thought === "", !this.#reasoningKept];
    const calls = new Set(this.#calls.missing(items.filter(({ item }) => item["type"] === "function_call")).map(({ place }) => place));
    for (const { item, place } of items) {
      const type = item["type"];
      if (type === "reasoning") {
        if (reasoningIsMissing) this.#tellReasoning(item, place, out);
        if (encryptedIsMissing) this.#keepReasoning(item, out);
      } else if ((type === "message" && textIsMissing) || calls.has(place)) {
        this.#endItem(item, place, out);
      } else {
        warnOfMedia(item, out);
      }
    }
  }

  /**
   * Calls that a completed response began and did not say to be done: at first those whose arguments came, which its output may
   * repeat under another id and without them. In a response that is not complete they are none: their arguments may stop anywhere.
   */
  #endBegunCalls(begun: readonly PlacedItem[], out: ProviderEvent[]): void {
    for (const { item, place } of begun) {
      this.#tellDoubted(out);
      this.#endCall(item, place, out);
    }
  }

  #keep(item: JsonObject, out: ProviderEvent[]): void {
    this.#held.addPart(item);
    out.push({ type: "opaque", provider: this.#target.provider, data: { wire: RESPONSES_WIRE, item } });
  }
}
