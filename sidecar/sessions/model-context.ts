// What the model sees of a conversation, decided here and nowhere else: of all that is kept on a path, the messages that are
// sent, in the form in which every provider takes them.

import type { AssistantPart, Message, StoredMessage, UserPart } from "../types.ts";

/** Stands where a person's words would, so that no wire is ever asked to go on from a message of the assistant. */
const goOn =
  "Your last answer was cut off before it was complete. Continue it from exactly where it ends. Repeat nothing of it, and write no introduction.";

/**
 * The messages of a path, oldest first, as they are sent. The system prompt travels beside them.
 *
 * - `summary` stands for all up to and including its parent, as a word of the system; what follows is sent as it is. It begins
 *   with a question.
 * - A question stays, whatever became of its answer.
 * - An answer without text or tool calls, as one that failed at once leaves it, is left out: an empty turn of the assistant is
 *   refused by some providers and misleads all models.
 * - Of an answer that did not complete only the text is sent. Its reasoning and signatures may be cut, and are refused then;
 *   its tool calls were never answered.
 * - Questions that follow each other for want of an answer become one: many models' templates insist on turns that alternate.
 * - Answers that follow each other, the later going on where the earlier was cut, become one, of their texts and the tool calls
 *   of the last: reasoning and signatures belong to the request that they came with.
 * - Where the path ends with an answer, the model is asked in words to go on with it. Prefilling the assistant's turn is
 *   refused by several providers (Anthropic's newer models, OpenAI) and read as a finished turn by others.
 */
export function modelContext(path: readonly StoredMessage[], summary?: StoredMessage): readonly Message[] {
  const context: Message[] = [];
  for (const stored of afterSummary(path, summary)) {
    const message = sent(stored);
    if (message === undefined) continue;
    const last = context.at(-1);
    const one = last === undefined ? undefined : joined(last, message);
    if (one === undefined) context.push(message);
    else context[context.length - 1] = one;
  }
  if (context.at(-1)?.role === "assistant") context.push({ role: "user", content: [{ type: "text", text: goOn }] });
  return summary === undefined ? context : [asSystem(summary), ...context];
}

/** The messages that a summary leaves: those after its parent, or all where there is none. */
export function afterSummary(path: readonly StoredMessage[], summary: StoredMessage | undefined): readonly StoredMessage[] {
  return summary === undefined ? path : path.slice(path.findIndex(({ id }) => id === summary.parent) + 1);
}

/** Of the summaries of a conversation the one that leaves the least of this path, the newest where several do. */
export function summaryOf(path: readonly StoredMessage[], summaries: readonly StoredMessage[]): StoredMessage | undefined {
  const heights = new Map(path.map(({ id }, index) => [id, index]));
  const height = ({ parent }: StoredMessage): number => (parent === null ? -1 : (heights.get(parent) ?? -1));
  let best: StoredMessage | undefined;
  for (const summary of summaries) {
    if (height(summary) < 0) continue;
    const least = best === undefined ? -1 : height(best);
    if (height(summary) > least || (height(summary) === least && summary.createdAt >= (best?.createdAt ?? 0))) best = summary;
  }
  return best;
}

/** A summary's own words. */
export function summaryText({ message }: StoredMessage): string {
  return message.role === "system" ? message.content.map(({ text }) => text).join("\n\n") : "";
}

function asSystem(summary: StoredMessage): Message {
  const text = `The conversation began earlier than what follows. A summary of its earlier part:\n\n${summaryText(summary)}`;
  return { role: "system", content: [{ type: "text", text }] };
}

function sent({ message, status }: StoredMessage): Message | undefined {
  if (message.role !== "assistant") return message;
  const content = status === undefined || status === "complete" ? message.content : message.content.filter(isText);
  return content.some(says) ? { role: "assistant", content } : undefined;
}

function says(part: AssistantPart): boolean {
  return part.type === "tool-call" || (part.type === "text" && part.text.trim() !== "");
}

/** Undefined where they are of two who take turns. */
function joined(before: Message, after: Message): Message | undefined {
  if (before.role === "user" && after.role === "user") return { role: "user", content: joinedQuestions(before.content, after.content) };
  if (before.role !== "assistant" || after.role !== "assistant") return undefined;
  const text = [...before.content, ...after.content].map((part) => (part.type === "text" ? part.text : "")).join("");
  const calls = after.content.filter(({ type }) => type === "tool-call");
  return { role: "assistant", content: text === "" ? calls : [{ type: "text", text }, ...calls] };
}

/** With a blank line where text meets text, since providers differ in how they join parts. */
function joinedQuestions(before: readonly UserPart[], after: readonly UserPart[]): readonly UserPart[] {
  const last = before.at(-1);
  const first = after[0];
  if (last?.type !== "text" || first?.type !== "text") return [...before, ...after];
  return [...before.slice(0, -1), { type: "text", text: `${last.text}\n\n${first.text}` }, ...after.slice(1)];
}

const isText = (part: AssistantPart): boolean => part.type === "text";
