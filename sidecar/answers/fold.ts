// The whole answer out of its events: what `generate` returns, what a session keeps. Fed as the events come, it can be read
// at any moment, so that the partial answer is always at hand.

import type { GenerateResult, Warning } from "../api.ts";
import type { AssistantPart, EndEvent, ErrorInfo, ModelRef, StreamEvent, ToolCallPart } from "../types.ts";

export class AnswerFold {
  readonly #ref: ModelRef;
  /** Text and reasoning that still grow are `#growing`, and come into their place when something else follows. */
  #parts: AssistantPart[] = [];
  #growing: GrowingPart | null = null;
  readonly #warnings: Warning[] = [];
  #end: EndEvent | null = null;

  constructor(ref: ModelRef) {
    this.#ref = ref;
  }

  add(events: readonly StreamEvent[]): void {
    for (const event of events) this.#addOne(event);
  }

  /** The terminal event, once it has come. */
  get end(): EndEvent | null {
    return this.#end;
  }

  get error(): ErrorInfo | undefined {
    return this.#end?.error;
  }

  /** What has come so far. Before the end it is `incomplete`. */
  result(): GenerateResult {
    const end = this.#end;
    const parts = this.#growing === null ? [...this.#parts] : [...this.#parts, this.#growing.part()];
    const allOf = (type: "text" | "reasoning"): string => parts.map((part) => (part.type === type ? part.text : "")).join("");
    return {
      content: allOf("text"),
      reasoning: allOf("reasoning"),
      toolCalls: parts.filter((part): part is ToolCallPart => part.type === "tool-call"),
      model: this.#ref,
      status: end?.status ?? "incomplete",
      finishReason: end?.finishReason ?? null,
      rawFinishReason: end?.rawFinishReason ?? null,
      usage: end?.usage ?? null,
      ...(end?.cost === undefined ? {} : { cost: end.cost }),
      timings: end?.timings ?? { firstTokenMs: null, totalMs: 0 },
      ...(end?.requestId === undefined ? {} : { requestId: end.requestId }),
      warnings: [...this.#warnings],
      message: { role: "assistant", content: parts },
    };
  }

  #addOne(event: StreamEvent): void {
    switch (event.type) {
      case "text-delta":
        this.#append("text", event.text);
        return;
      case "reasoning-delta":
        this.#append("reasoning", event.text);
        return;
      case "tool-call":
        this.#settle();
        this.#parts.push({ type: "tool-call", id: event.id, name: event.name, arguments: event.arguments });
        return;
      case "opaque":
        this.#settle();
        this.#parts.push({ type: "opaque", provider: event.provider, data: event.data });
        return;
      case "warning": {
        const { type: _type, seq: _seq, ...warning } = event;
        this.#warnings.push(warning);
        return;
      }
      case "discard":
        this.#discard((type) => type === event.what);
        return;
      case "attempt":
        this.#discard(() => true);
        return;
      case "end":
        this.#end = event;
        return;
      case "start":
      case "status":
      case "usage":
    }
  }

  /** What was taken back is no part of the answer. */
  #discard(isTakenBack: (type: AssistantPart["type"]) => boolean): void {
    this.#settle();
    this.#parts = this.#parts.filter(({ type }) => !isTakenBack(type));
  }

  /** Deltas of one kind that follow each other are one part; another kind between them begins a new one. */
  #append(type: "text" | "reasoning", text: string): void {
    if (text === "") return;
    if (this.#growing?.type !== type) {
      this.#settle();
      // What was taken back between two parts of a kind leaves one.
      const last = this.#parts.at(-1);
      const goesOn = last?.type === type;
      if (goesOn) this.#parts.pop();
      this.#growing = new GrowingPart(type, goesOn ? last.text : "");
    }
    this.#growing.add(text);
  }

  #settle(): void {
    if (this.#growing !== null) this.#parts.push(this.#growing.part());
    this.#growing = null;
  }
}

/** Deltas that are put together before each of them is added to the whole. */
const DELTAS = 256;

/**
 * A text of many small deltas. Added one by one, each would stay in memory for as long as the text does, as a node of the rope
 * that the engine makes of sums of strings, at several times its own length.
 */
class GrowingPart {
  readonly type: "text" | "reasoning";
  #text: string;
  #deltas: string[] = [];

  constructor(type: "text" | "reasoning", text: string) {
    this.type = type;
    this.#text = text;
  }

  add(text: string): void {
    this.#deltas.push(text);
    if (this.#deltas.length === DELTAS) this.#gather();
  }

  part(): AssistantPart {
    this.#gather();
    return { type: this.type, text: this.#text };
  }

  #gather(): void {
    this.#text += this.#deltas.join("");
    this.#deltas = [];
  }
}
