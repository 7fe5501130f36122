// An answer in which thought and text arrive as one, cut in every way, and what its reader has of it at the end.

import assert from "node:assert/strict";
import type { Presumption } from "../../../sidecar/answers/thinking/think-memory.ts";
import { ThinkText } from "../../../sidecar/answers/thinking/think-text.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import { finish, text } from "../scripted-provider.ts";

export interface Told {
  readonly reasoning: string;
  readonly text: string;
  readonly opens: boolean | undefined;
}

/** Each piece is a batch of its own; `finish` follows unless another ending is given. */
export function told(
  pieces: readonly (string | ProviderEvent)[],
  options: { presumed?: Presumption; ending?: ProviderEvent | null } = {},
): Told {
  const { presumed = "none", ending = finish } = options;
  const thinking = new ThinkText(presumed);
  const events: ProviderEvent[] = [];
  for (const piece of pieces) events.push(...thinking.read([typeof piece === "string" ? text(piece) : piece]));
  if (ending !== null) events.push(...thinking.read([ending]));
  thinking.end(events, ending?.type === "finish" ? ending.finishReason : null);
  return { ...folded(events), opens: thinking.templateOpens };
}

/** What a reader has at the end, who drops what is taken back. */
export function folded(events: readonly ProviderEvent[]): Pick<Told, "reasoning" | "text"> {
  const parts = { reasoning: "", text: "" };
  for (const event of events) {
    if (event.type === "text-delta") parts.text += event.text;
    else if (event.type === "reasoning-delta") parts.reasoning += event.text;
    else if (event.type === "discard") parts[event.what] = "";
  }
  return parts;
}

/** Whole, a character at a time, and in two pieces at every place. */
export function* everyCut(answer: string): Generator<readonly string[]> {
  yield [answer];
  yield Array.from(answer);
  for (let at = 1; at < answer.length; at += 1) yield [answer.slice(0, at), answer.slice(at)];
}

export function checkEveryCut(answer: string, expected: Partial<Told>, presumed: Presumption = "none"): void {
  for (const pieces of everyCut(answer)) {
    const seen = told(pieces, { presumed });
    assert.deepEqual({ ...seen, ...expected }, seen, JSON.stringify(pieces));
  }
}
