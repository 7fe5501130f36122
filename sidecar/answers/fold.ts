// The whole answer out of its events: what `generate` returns, what a session keeps. Fed as the events come, it can be read
// at any moment, so that the partial answer is always at hand.

import type { GenerateResult, Warning } from "../api.ts";
import type { AssistantPart, EndEvent, ErrorInfo, ModelRef, StreamEvent, ToolCallPart } from "../types.ts";

export class AnswerFold {
  readonly #ref: ModelRef;
  #parts: AssistantPart[] = [];
  readonly #warnings: Warning[] = [];
  #content = "";
  #reasoning = "";
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
    return {
      content: this.#content,
      reasoning: this.#reasoning,
      toolCalls: this.#parts.filter((part): part is ToolCallPart => part.type === "tool-call"),
      model: this.#ref,
      status: end?.status ?? "incomplete",
      finishReason: end?.finishReason ?? null,
      rawFinishReason: end?.rawFinishReason ?? null,
      usage: end?.usage ?? null,
      ...(end?.cost === undefined ? {} : { cost: end.cost }),
      timings: end?.timings ?? { firstTokenMs: null, totalMs: 0 },
      ...(end?.requestId === undefined ? {} : { requestId: end.requestId }),
      warnings: [...this.#warnings],
      message: { role: "assistant", content: [...this.#parts] },
    };
  }

  #addOne(event: StreamEvent): void {
    switch (event.type) {
      case "text-delta":
        this.#content += event.text;
        this.#append("text", event.text);
        return;
      case "reasoning-delta":
        this.#reasoning += event.text;
        this.#append("reasoning", event.text);
        return;
      case "tool-call":
        this.#parts.push({ type: "tool-call", id: event.id, name: event.name, arguments: event.arguments });
        return;
      case "opaque":
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
    this.#parts = this.#parts.filter(({ type }) => !isTakenBack(type));
    if (isTakenBack("text")) this.#content = "";
    if (isTakenBack("reasoning")) this.#reasoning = "";
  }

  /** Deltas of one kind that follow each other are one part; another kind between them begins a new one. */
  #append(type: "text" | "reasoning", text: string): void {
    if (text === "") return;
    const last = this.#parts.at(-1);
    if (last?.type === type) this.#parts[this.#parts.length - 1] = { type, text: last.text + text };
    else this.#parts.push({ type, text });
  }
}
