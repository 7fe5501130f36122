// One answer as the page knows it: folded from its events while it streams, or taken as it was kept. Pure.

import type {
  AssistantPart,
  Cost,
  EndEvent,
  ErrorInfo,
  FinishReason,
  MessageStatus,
  StatusPhase,
  StoredMessage,
  StreamEvent,
  Timings,
  ToolCallPart,
  Usage,
} from "../../sidecar/types.ts";

/** What the answer is waiting for; null once its words arrive. */
export interface Phase {
  readonly phase: StatusPhase;
  /** Unix time in milliseconds. */
  readonly untilMs?: number;
  /** From 0 to 1. */
  readonly progress?: number;
}

export interface Warning {
  readonly code: string;
  readonly parameter?: string;
  readonly message?: string;
}

export interface Answer {
  /** The last event applied; 0 where only the kept message is known. */
  readonly seq: number;
  readonly status: MessageStatus;
  readonly text: string;
  readonly reasoning: string;
  /** Unix times in milliseconds of the first reasoning seen and of what came after it: live answers only. */
  readonly reasoningFrom?: number;
  readonly reasoningTo?: number;
  readonly toolCalls: readonly ToolCallPart[];
  readonly warnings: readonly Warning[];
  readonly phase: Phase | null;
  readonly finishReason: FinishReason | null;
  readonly usage?: Usage;
  readonly cost?: Cost;
  readonly timings?: Timings;
  readonly error?: ErrorInfo;
}

/** `gap` is set when events are missing before the first one given: nothing was applied, the rest must be asked for anew. */
export interface Folded {
  readonly answer: Answer;
  readonly gap: boolean;
}

export const emptyAnswer: Answer = {
  seq: 0,
  status: "streaming",
  text: "",
  reasoning: "",
  toolCalls: [],
  warnings: [],
  phase: null,
  finishReason: null,
};

const partsOf = (stored: StoredMessage): readonly AssistantPart[] => (stored.message.role === "assistant" ? stored.message.content : []);

/** The answer as it was kept. An answer without a status was imported whole. */
export function answerOf(stored: StoredMessage): Answer {
  const parts = partsOf(stored);
  const join = (type: "text" | "reasoning"): string => parts.map((part) => (part.type === type ? part.text : "")).join("");
  return {
    ...emptyAnswer,
    status: stored.status ?? "complete",
    text: join("text"),
    reasoning: join("reasoning"),
    toolCalls: parts.filter((part) => part.type === "tool-call"),
    finishReason: stored.finishReason ?? null,
    ...(stored.usage === undefined ? {} : { usage: stored.usage }),
    ...(stored.cost === undefined ? {} : { cost: stored.cost }),
    ...(stored.timings === undefined ? {} : { timings: stored.timings }),
    ...(stored.error === undefined ? {} : { error: stored.error }),
  };
}

/**
 * Applies consecutive events. Those already applied are skipped, so that a batch may come twice; the first event of all
 * replaces the text that was kept meanwhile, because the events tell the whole answer.
 */
export function foldEvents(answer: Answer, events: readonly StreamEvent[], nowMs: number): Folded {
  let current = answer;
  for (const event of events) {
    if (event.seq <= current.seq) continue;
    if (event.seq !== current.seq + 1) return { answer, gap: true };
    if (event.seq === 1) current = emptyAnswer;
    current = { ...applied(current, event, nowMs), seq: event.seq };
  }
  return { answer: current, gap: false };
}

function applied(answer: Answer, event: StreamEvent, nowMs: number): Answer {
  switch (event.type) {
    case "start":
      return { ...answer, status: "streaming" };
    case "status":
      return { ...answer, phase: event };
    case "text-delta":
      return { ...withReasoningOver(answer, nowMs), phase: null, text: answer.text + event.text };
    case "reasoning-delta":
      return { ...answer, phase: null, reasoning: answer.reasoning + event.text, reasoningFrom: answer.reasoningFrom ?? nowMs };
    case "tool-call":
      return { ...withReasoningOver(answer, nowMs), phase: null, toolCalls: [...answer.toolCalls, event] };
    case "opaque":
      return answer;
    case "discard":
      return discarded(answer, event.what);
    case "attempt":
      return { ...discarded(discarded(answer, "text"), "reasoning"), toolCalls: [] };
    case "warning":
      return { ...answer, warnings: [...answer.warnings, event] };
    case "usage":
      return { ...answer, usage: event };
    default:
      return ended(answer, event, nowMs);
  }
}

/** The answer without what its sender took back. */
function discarded(answer: Answer, what: "text" | "reasoning"): Answer {
  if (what === "text") return { ...answer, text: "" };
  const { reasoningFrom: _from, reasoningTo: _to, ...rest } = answer;
  return { ...rest, reasoning: "" };
}

function ended(answer: Answer, event: EndEvent, nowMs: number): Answer {
  const { status, finishReason, timings, cost, error } = event;
  const { usage: latest, ...rest } = withReasoningOver(answer, nowMs);
  const usage = event.usage ?? latest;
  return {
    ...rest,
    phase: null,
    status,
    finishReason,
    timings,
    ...(usage === undefined ? {} : { usage }),
    ...(cost === undefined ? {} : { cost }),
    ...(error === undefined ? {} : { error }),
  };
}

function withReasoningOver(answer: Answer, nowMs: number): Answer {
  return answer.reasoningFrom === undefined || answer.reasoningTo !== undefined ? answer : { ...answer, reasoningTo: nowMs };
}
