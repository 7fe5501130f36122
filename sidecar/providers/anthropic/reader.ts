// Reads a stream of Anthropic's messages API (https://docs.claude.com/en/api/messages-streaming): blocks that begin, grow
// and end, then a stop reason, then the end of the message. Events and blocks that nobody knows yet are passed over, as the
// documentation asks; a block is kept whole, so that the next turn can send it back.

import type { FinishReason, JsonObject, JsonValue } from "../../types.ts";
import { CallIds } from "../call-ids.ts";
import { isWholeCall } from "../conversation.ts";
import { readErrorJson } from "../error-payload.ts";
import { isUntypedErrorRecord } from "../error-record.ts";
import { HeldParts } from "../held-parts.ts";
import { asCount, asJsonText, asList, asObject, asText, parseJson } from "../json-fields.ts";
import type { ProviderEvent, ReportedUsage } from "../provider.ts";
import { parseTypedRecords } from "../record-json.ts";
import { type RecordShape, TextTemplate } from "../text-template.ts";
import { MalformedRecord, StreamFailure, type WireReader, type WireTarget } from "../wire-adapter.ts";
import { ANTHROPIC_WIRE } from "./server-tools.ts";
import { FIGURES, readUsage } from "./usage.ts";

/** A content block under way: as it began, and what was added to it since. */
interface OpenBlock {
  readonly start: JsonObject;
  readonly type: string;
  /** Text, what was thought, or what is left of a conversation that was compacted. */
  text: string;
  json: string;
  signature: string;
  /** The text that it began with, until more of it comes. */
  begun: string;
}

/** A block grows by records that are the same but for what is added. */
const GROWTH: RecordShape<"text" | "thinking"> = { textOf: (record, field) => asObject(record["delta"])?.[field], varying: [] };
const GROWS = "content_block_delta";

/** More than any message has; they are kept until they end. */
const MAX_OPEN_BLOCKS = 1000;

export class AnthropicReader implements WireReader {
  readonly #target: WireTarget;
  readonly #blocks = new Map<number, OpenBlock>();
  readonly #ids = new CallIds();
  readonly #held = new HeldParts();
  readonly #template = new TextTemplate<"text" | "thinking", number>(GROWTH);
  #started = false;
  #stopped = false;
  #calledTools = false;
  #stopReason: string | null = null;
  /** The latest call, as long as it may be one that was cut: no arguments came, or not all of them. */
  #doubted: ProviderEvent | undefined;
  #usage: JsonObject | null = null;
  /** The message as it began, until a block of it comes. */
  #announced: JsonObject | null = null;

  constructor(target: WireTarget) {
    this.#target = target;
  }

  get started(): boolean {
    return this.#started;
  }

  get finished(): boolean {
    return this.#stopped || this.#stopReason !== null;
  }

  get ending(): boolean {
    return this.finished;
  }

  /** Only the end of the body: a recorded body can hold the messages of several steps. */
  get done(): boolean {
    return false;
  }

  /** Before the end Anthropic has only guessed the output. */
  get usage(): ReportedUsage | null {
    return this.#usage === null ? null : { ...readUsage(this.#usage, this.#target), ...(this.finished ? {} : { estimated: true }) };
  }

  readRecord(data: string, event: string, out: ProviderEvent[]): void {
    if (event === GROWS && this.#readGrowth(data, out)) return;
    for (const [record, type] of parseTypedRecords(data, event)) {
      this.#readEvent(record, type, out);
      if (event === GROWS && this.#template.learns) this.#learnGrowth(data, record, type);
    }
  }

  end(out: ProviderEvent[]): void {
    this.#readAnnounced(out);
    // Proxies leave out the end of the last block and yet say why the message stopped.
    if (this.finished) {
      for (const index of this.#blocks.keys()) this.#endBlock(index, out);
      this.#settleDoubts(out);
    }
    const { usage } = this;
    if (usage !== null) out.push({ type: "usage", ...usage });
    if (!this.finished) return;
    if (this.#stopReason === "pause_turn") out.push({ type: "warning", code: "answer-paused", message: PAUSED });
    out.push({ type: "finish", finishReason: mapFinishReason(this.#stopReason, this.#calledTools), rawFinishReason: this.#stopReason });
  }

  /** False: it has to be parsed. */
  #readGrowth(data: string, out: ProviderEvent[]): boolean {
    const match = this.#template.match(data);
    const block = match === undefined ? undefined : this.#blocks.get(match.place);
    if (match === undefined || block?.type !== match.field || block.begun !== "") return false;
    this.#grow(block, match.text, out);
    return true;
  }

  #learnGrowth(data: string, record: JsonObject, type: string): void {
    const delta = asObject(record["delta"]) ?? {};
    const field = isWritten(delta["text"]) ? "text" : "thinking";
    const text = delta[field];
    if (type !== GROWS || typeof text !== "string" || text === "" || Object.keys(delta).some((key) => key !== "type" && key !== field))
      return;
    this.#template.learn(data, field, text, indexOf(record));
  }

  #readEvent(record: JsonObject, type: string, out: ProviderEvent[]): void {
    switch (type) {
      case "message_start":
        this.#startMessage(asObject(record["message"]) ?? {}, out);
        break;
      case "content_block_start":
        this.#startBlock(indexOf(record), asObject(record["content_block"]) ?? {}, out);
        break;
      case "content_block_delta":
        this.#growBlock(indexOf(record), asObject(record["delta"]) ?? {}, out);
        break;
      case "content_block_stop":
        this.#endBlock(indexOf(record), out);
        break;
      case "message_delta":
        this.#readAnnounced(out);
        this.#stopReason = asText(asObject(record["delta"])?.["stop_reason"]) ?? this.#stopReason;
        this.#addUsage(record["usage"]);
        if (this.#stopReason !== null) this.#settleDoubts(out);
        break;
      case "message_stop":
        this.#readAnnounced(out);
        this.#stopped = true;
        break;
      case "message":
        this.#readWhole(record, out);
        break;
      default:
        // `ping`, and what may be added later.
        if (type === "error" || asObject(record["error"]) !== undefined || isUntypedErrorRecord(record, type))
          throw new StreamFailure(readErrorJson(record));
    }
  }

  #startMessage(message: JsonObject, out: ProviderEvent[]): void {
    this.#readAnnounced(out);
    for (const index of this.#blocks.keys()) this.#endBlock(index, out);
    this.#settleDoubts(out);
    this.#stopped = false;
    this.#stopReason = null;
    this.#calledTools = false;
    this.#usage = null;
    this.#addUsage(message["usage"]);
    this.#announced = message;
  }

  /**
   * The content that a message begins with is empty as a rule. Recorded streams of Anthropic's have all of it there for a call that its
   * code execution makes (its "programmatic tool calling"), with the reason why it stopped, and no block follows; so it is with gateways
   * that do not stream.
   */
  #readAnnounced(out: ProviderEvent[]): void {
    const message = this.#announced;
    this.#announced = null;
    if (message === null) return;
    this.#readContent(message, out);
    this.#stopReason ??= asText(message["stop_reason"]) ?? null;
  }

  #startBlock(index: number, start: JsonObject, out: ProviderEvent[]): void {
    // Proxies leave out where blocks end, or their numbers: what begins at the same place ends what was there, unless it is
    // the same call, told of twice.
    const open = this.#blocks.get(index);
    if (open?.type === "tool_use" && asText(start["id"]) === open.start["id"]) return;
    this.#endBlock(index, out);
    const type = asText(start["type"]) ?? "";
    if (type === "tool_use") this.#held.addCall(start);
    else this.#held.addPart(start);
    const block = this.#open(index, start, type, out);
    block.begun = asText(start[type === "thinking" ? "thinking" : "text"]) ?? "";
    this.#grow(block, block.begun, out);
  }

  #open(index: number, start: JsonObject, type: string, out: ProviderEvent[]): OpenBlock {
    this.#announced = null;
    this.#tellDoubted(out);
    if (this.#blocks.size >= MAX_OPEN_BLOCKS) throw new MalformedRecord(`more than ${MAX_OPEN_BLOCKS} blocks at once`);
    const block: OpenBlock = { start, type, text: "", json: "", signature: asText(start["signature"]) ?? "", begun: "" };
    this.#blocks.set(index, block);
    if (type === "tool_use") this.#started = true;
    return block;
  }

  #growBlock(index: number, delta: JsonObject, out: ProviderEvent[]): void {
    const block = this.#blockOf(index, delta, out);
    const text = asText(delta["text"]) ?? asText(delta["thinking"]) ?? "";
    // MiniMax begins a block with its first piece, and sends that once more (cline/cline#9215).
    if (text !== block.begun) this.#grow(block, text, out);
    if (text !== "") block.begun = "";
    block.json += this.#kept(asJsonText(delta["partial_json"]));
    block.signature += this.#kept(delta["signature"]);
    if (block.type === "compaction") block.text += this.#kept(delta["content"]);
  }

  #kept(value: JsonValue | undefined): string {
    const text = asText(value) ?? "";
    if (text !== "") this.#held.addText(text);
    return text;
  }

  /** Proxies forget to say which block begins, also where another was open at its place; the delta tells. */
  #blockOf(index: number, delta: JsonObject, out: ProviderEvent[]): OpenBlock {
    const open = this.#blocks.get(index);
    const type = grownBy(delta);
    if (open !== undefined && (type === undefined || type === open.type || !GROWN_BY_THEIR_OWN.includes(open.type))) return open;
    // Others number the arguments of a call wrongly: they belong to one that has begun, if there is any.
    const begun = type === "tool_use" ? [...this.#blocks.values()].findLast((block) => block.type === type) : undefined;
    if (begun !== undefined) return begun;
    this.#endBlock(index, out);
    this.#held.addPart(undefined);
    return this.#open(index, { type: type ?? "text" }, type ?? "text", out);
  }

  #grow(block: OpenBlock, text: string, out: ProviderEvent[]): void {
    if (text === "" || (block.type !== "text" && block.type !== "thinking")) return;
    this.#started = true;
    // Only what goes back whole has to be kept.
    if (block.type === "thinking") block.text += text;
    out.push({ type: block.type === "thinking" ? "reasoning-delta" : "text-delta", text });
  }

  #endBlock(index: number, out: ProviderEvent[]): void {
    const block = this.#blocks.get(index);
    if (block === undefined) return;
    this.#blocks.delete(index);
    if (block.type === "tool_use") {
      this.#endCall(block, index, out);
    } else if (block.type === "thinking") {
      // Byte for byte as it came: a changed signature is refused (quirk 30).
      if (block.signature !== "") this.#keep({ type: "thinking", thinking: block.text, signature: block.signature }, out);
    } else if (block.type === "compaction" && block.text !== "") {
      this.#keep({ ...block.start, content: block.text }, out);
    } else if (block.type !== "text" && block.type !== "") {
      const input = parseJson(block.json);
      // What a limit cut in the middle of its input was never run.
      if (block.json === "" || input !== undefined) this.#keep(input === undefined ? block.start : { ...block.start, input }, out);
    }
  }

  #endCall(block: OpenBlock, index: number, out: ProviderEvent[]): void {
    this.#tellDoubted(out);
    const { id, name } = block.start;
    const call: ProviderEvent = {
      type: "tool-call",
      id: this.#ids.of(asText(id) ?? "", `toolu_${index}`),
      name: asText(name) ?? "",
      arguments: argumentsOf(block),
    };
    this.#doubted = call;
    if (isWholeCall(call.arguments)) this.#tellDoubted(out);
  }

  /** Where the message went on, the call was not cut. */
  #tellDoubted(out: ProviderEvent[]): void {
    if (this.#doubted === undefined) return;
    this.#calledTools = true;
    out.push(this.#doubted);
    this.#doubted = undefined;
  }

  /** Once it is known why the message stopped: a call that was cut is no call. */
  #settleDoubts(out: ProviderEvent[]): void {
    if (CUTTING.includes(this.#stopReason ?? "")) this.#doubted = undefined;
    else this.#tellDoubted(out);
  }

  #keep(block: JsonObject, out: ProviderEvent[]): void {
    out.push({ type: "opaque", provider: this.#target.provider, data: { wire: ANTHROPIC_WIRE, block } });
  }

  /** The whole message at once, from a server that does not stream. */
  #readWhole(message: JsonObject, out: ProviderEvent[]): void {
    this.#readContent(message, out);
    this.#addUsage(message["usage"]);
    this.#stopReason = asText(message["stop_reason"]) ?? null;
    this.#stopped = true;
  }

  #readContent(message: JsonObject, out: ProviderEvent[]): void {
    for (const [index, block] of (asList(message["content"]) ?? []).entries()) {
      this.#startBlock(index, asObject(block) ?? {}, out);
      this.#endBlock(index, out);
    }
  }

  /**
   * Cumulative: later figures replace earlier ones. Where a proxy leaves the input out, or makes it nothing, a zero replaces
   * nothing (quirk 21).
   */
  #addUsage(value: JsonValue | undefined): void {
    const usage = asObject(value);
    if (usage === undefined) return;
    const countsInput = (asCount(usage["input_tokens"]) ?? 0) > 0;
    const merged: Record<string, JsonValue | undefined> = { ...this.#usage };
    for (const key of FIGURES) {
      const figure = usage[key] ?? null;
      if (figure === null || (figure === 0 && !countsInput && merged[key] !== undefined)) continue;
      merged[key] = figure;
    }
    this.#usage = merged;
  }
}

/** Blocks that grow by deltas of their own kind alone. The others are tools of the provider's own, or not known here. */
const GROWN_BY_THEIR_OWN: readonly string[] = ["", "text", "thinking", "tool_use"];

/** The type of the block that a delta adds to; undefined where it adds nothing that tells. */
function grownBy(delta: JsonObject): string | undefined {
  if (isWritten(delta["text"])) return "text";
  if (isWritten(delta["thinking"])) return "thinking";
  return asJsonText(delta["partial_json"]) === "" ? undefined : "tool_use";
}

function isWritten(value: JsonValue | undefined): boolean {
  return typeof value === "string" && value !== "";
}

const PAUSED =
  "The provider paused the answer: its own tools ran as often as it lets them in one request. It goes on where it is given back as it is.";

/** Reasons that stop a message wherever it is. */
const CUTTING: readonly string[] = ["max_tokens", "model_context_window_exceeded", "refusal", "sensitive"];

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  // The limit is that of the rounds in which its own tools may run.
  ["pause_turn", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool-calls"],
  ["refusal", "content-filter"],
  ["sensitive", "content-filter"],
]);

/** `raw` null: the message ended without saying why. */
export function mapFinishReason(raw: string | null, calledTools: boolean): FinishReason {
  if (raw === null) return calledTools ? "tool-calls" : "other";
  return REASONS.get(raw) ?? "other";
}

/** As the model wrote them. Only a proxy puts them where the block begins. */
function argumentsOf(block: OpenBlock): string {
  if (block.json !== "") return block.json;
  const input = asObject(block.start["input"]);
  return input === undefined || Object.keys(input).length === 0 ? "" : JSON.stringify(input);
}

function indexOf(record: JsonObject): number {
  return asCount(record["index"]) ?? 0;
}
