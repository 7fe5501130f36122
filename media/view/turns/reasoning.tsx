import { useComputed, useSignal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import type { Answer } from "../../state/answer.ts";
import { duration } from "../../state/labels.ts";
import { text } from "../../strings.ts";
import { Icon } from "../button.tsx";
import { MarkdownText } from "./markdown-text.tsx";

/** UTF-16 code units of the live hint: more than one line never shows. */
const HINT_LENGTH = 160;

/** What the model thought before it answered: folded, with its latest line as a hint while it thinks. */
export function Reasoning({ answer }: { readonly answer: ReadonlySignal<Answer> }) {
  const open = useSignal(false);
  const source = useComputed(() => ({ text: answer.value.reasoning, complete: !isThinking(answer.value) }));
  const thinking = isThinking(answer.value);
  return (
    <div class="reasoning">
      <button
        type="button"
        class="fold-button"
        aria-expanded={open.value}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        <Icon name={open.value ? "chevron-down" : "chevron-right"} />
        <span class={thinking ? "fold-label shimmer" : "fold-label"}>{label(answer.value)}</span>
        {thinking && !open.value && <span class="fold-hint">{hintOf(answer.value.reasoning)}</span>}
      </button>
      {open.value && (
        <div class="reasoning-text">
          <MarkdownText source={source} />
        </div>
      )}
    </div>
  );
}

/** Less than this says how the answer travelled, not how long the model thought. */
const LEAST_THOUGHT_MS = 100;

/** It has begun to think, and no word of the answer has come. */
export const isThinking = (answer: Answer): boolean =>
  answer.status === "streaming" && answer.reasoning !== "" && answer.reasoningTo === undefined;

function label(answer: Answer): string {
  if (isThinking(answer)) return text("thinking");
  const { reasoningFrom: from = 0, reasoningTo: to = 0 } = answer;
  // What comes all at once took its time before it came.
  return to - from < LEAST_THOUGHT_MS ? text("thought") : text("thoughtFor", { time: duration(to - from) });
}

function hintOf(reasoning: string): string {
  const lines = reasoning.slice(-2_000).split("\n");
  const line = lines.findLast((candidate) => candidate.trim() !== "") ?? "";
  const words = line.replace(/^[\s#>*+-]+/, "").replace(/[*_`]+/g, "");
  return words.length > HINT_LENGTH ? `…${words.slice(-HINT_LENGTH)}` : words;
}
