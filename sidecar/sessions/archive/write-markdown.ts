// A conversation as Markdown that people can read, that changes little where the conversation does, and that can be read back
// without a difference. Messages stand one after the other in the order in which they were kept, so that what is said later
// comes at the end; each begins with a mark, an HTML comment that no renderer shows. See `read-markdown.ts` for the way back.

import { markdownVersion, type ArchivedMessage, type ArchivedSession, type ConversationSource } from "./conversation.ts";
import { inTextFile } from "./exact-text.ts";
import { markLine, oneLine, writePart, writeProse } from "./markdown-parts.ts";

const names = { user: "User", assistant: "Assistant", system: "Summary of what came before", tool: "Tool" } as const;

/** Rejects as the source does. */
export async function* writeMarkdown({ session, messages }: ConversationSource): AsyncGenerator<string, void, undefined> {
  yield head(session);
  const numbers = new Map<string, number>();
  let last: string | null = null;
  for await (const message of messages()) {
    const number = numbers.size + 1;
    numbers.set(message.id, number);
    yield messageText(message, number, message.parent === last ? undefined : numbers.get(message.parent ?? ""));
    last = message.id;
  }
  // The title once more: by it a reader knows whether the heading was changed, or the first lines.
  yield markLine("end", { messages: numbers.size, title: session.title });
}

/** YAML, whose values are JSON. */
function head({ title, systemPrompt, ...rest }: ArchivedSession): string {
  const { id, model, createdAt, updatedAt, leaf, parameters, metadata } = rest;
  const fields = { title, id, model, createdAt, updatedAt, leaf, parameters, metadata };
  const lines = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${inTextFile(value)}\n`]));
  const prompt = systemPrompt === undefined ? "" : writeProse("system-prompt", systemPrompt);
  return `---\nparley: ${markdownVersion}\n${lines.join("")}---\n\n${titleHeading(title)}\n\n${prompt}`;
}

export function titleHeading(title: string): string {
  return `# ${oneLine(title) || "Conversation"}`;
}

function messageText(archived: ArchivedMessage, number: number, follows: number | undefined): string {
  const { message, id, parent, createdAt, model, status, finishReason, usage, cost, timings, error, metadata } = archived;
  const { role } = message;
  const data = { id, parent, role, createdAt, model, status, finishReason, usage, cost, timings, error, metadata };
  const parts = message.content.map((part) => writePart(part)).join("");
  return `${markLine("message", data)}\n${messageHeading(archived, number, follows)}\n\n${parts}`;
}

/**
 * `number`: from 1, in the order of the file. `follows`: the number of the message that it follows, where that is not the one
 * before it in the file.
 */
export function messageHeading(
  { message, model, createdAt, status }: ArchivedMessage,
  number: number,
  follows: number | undefined,
): string {
  const told = [
    `${number}. ${names[message.role]}`,
    ...(model === undefined ? [] : [oneLine(model)]),
    shownTime(createdAt),
    ...(follows === undefined ? [] : [`follows ${follows}`]),
    ...(status === undefined || status === "complete" ? [] : [status]),
  ];
  return `## ${told.join(" · ")}`;
}

function shownTime(at: number): string {
  return new Date(at)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/u, " UTC");
}
