// The ids of tool calls. Results name their call by its id alone, so no two calls may share one: not in an answer, where
// servers exist that give all the same, and not in a conversation, where others begin anew with each answer (SGLang's "0") and
// Anthropic refuses the second ("`tool_use` ids must be unique").

import type { AssistantPart, ToolCallPart, ToolResultPart } from "../types.ts";
import type { Turn } from "./conversation.ts";

const asItIs = (id: string): string => id;

export class CallIds {
  /** By id that is taken: the number of the next call that comes with it. */
  readonly #taken = new Map<string, number>();
  readonly #fitting: (id: string) => string;

  /** `fitting`: an id in the form in which it is used. */
  constructor(fitting: (id: string) => string = asItIs) {
    this.#fitting = fitting;
  }

  /** The id that a call was given, unless it is empty or another call's; then one made of `made` or of what was given. */
  of(given: string, made: string): string {
    const wanted = given === "" ? made : given;
    const first = this.#fitting(wanted);
    let next = this.#taken.get(first);
    let id = first;
    for (; next !== undefined && this.#taken.has(id); next += 1) id = this.#fitting(`${wanted}_${next}`);
    if (next !== undefined) this.#taken.set(first, next);
    this.#taken.set(id, 1);
    return id;
  }
}

/** A call or a result, and the id that it is sent under: `id` stays the one that opaque parts know. */
export type Sent<Part extends ToolCallPart | ToolResultPart> = Part & { readonly sentId: string };
export type SentPart = Exclude<AssistantPart, ToolCallPart> | Sent<ToolCallPart>;
export type SentTurn =
  | Extract<Turn, { role: "system" | "user" }>
  | { readonly role: "assistant"; readonly content: readonly SentPart[] }
  | { readonly role: "tool"; readonly content: readonly Sent<ToolResultPart>[] };

/**
 * The turns with ids that are each one call's, the same in call and result. Those of one turn depend on what was before it
 * alone, so that they stay the same while the conversation goes on. `fitting` as in `CallIds`: how the provider takes them.
 */
export function withSentIds(turns: readonly Turn[], fitting?: (id: string) => string): readonly SentTurn[] {
  if (turns.every((turn) => turn.role === "system" || turn.role === "user")) return turns;
  const ids = new CallIds(fitting);
  let open: readonly Sent<ToolCallPart>[] = [];
  return turns.map((turn): SentTurn => {
    if (turn.role === "system" || turn.role === "user") return turn;
    if (turn.role === "assistant") {
      const content = turn.content.map((part) => (part.type === "tool-call" ? { ...part, sentId: ids.of(part.id, "call") } : part));
      open = content.filter((part) => part.type === "tool-call");
      return { role: "assistant", content };
    }
    const content = turn.content.map((result) => {
      const call = open.find(({ id }) => id === result.id);
      open = open.filter((one) => one !== call);
      return { ...result, sentId: call?.sentId ?? result.id };
    });
    return { role: "tool", content };
  });
}
