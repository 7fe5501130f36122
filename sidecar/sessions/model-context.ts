// What the model sees of a conversation, decided here and nowhere else: of all that is kept on a path, the messages that are
// sent, in the form in which every provider takes them.

import type { AssistantPart, Message, StoredMessage, UserPart } from "../types.ts";

/**
 * The messages of a path, oldest first, as they are sent. The system prompt travels beside them.
 *
 * - A question stays, whatever became of its answer.
 * - An answer without text or tool calls, as one that failed at once leaves it, is left out: an empty turn of the assistant is
 *   refused by some providers and misleads all models.
 * - Of an answer that did not complete only the text is sent. Its reasoning and signatures may be cut, and are refused then;
 *   its tool calls were never answered.
 * - Questions that follow each other for want of an answer become one: many models' templates insist on turns that alternate.
 */
export function modelContext(path: readonly StoredMessage[]): readonly Message[] {
  const context: Message[] = [];
  for (const stored of path) {
    const message = sent(stored);
    if (message === undefined) continue;
    const last = context.at(-1);
    if (message.role === "user" && last?.role === "user") {
      context[context.length - 1] = { role: "user", content: joined(last.content, message.content) };
    } else context.push(message);
  }
  return context;
}

function sent({ message, status }: StoredMessage): Message | undefined {
  if (message.role !== "assistant") return message;
  const content = status === undefined || status === "complete" ? message.content : message.content.filter((part) => part.type === "text");
  return content.some(says) ? { role: "assistant", content } : undefined;
}

function says(part: AssistantPart): boolean {
  return part.type === "tool-call" || (part.type === "text" && part.text.trim() !== "");
}

/** With a blank line where text meets text, since providers differ in how they join parts. */
function joined(before: readonly UserPart[], after: readonly UserPart[]): readonly UserPart[] {
  const last = before.at(-1);
  const first = after[0];
  if (last?.type !== "text" || first?.type !== "text") return [...before, ...after];
  return [...before.slice(0, -1), { type: "text", text: `${last.text}\n\n${first.text}` }, ...after.slice(1)];
}
