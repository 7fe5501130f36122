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
  yield markLine("end", { messages: numbers.size });
}

/** YAML, whose values are JSON. */
function head({ title, systemPrompt, ...rest }: ArchivedSession): string {
  const { id, model, createdAt, updatedAt, leaf, parameters, metadata } = rest;
  const fields = { title, id, model, createdAt, updatedAt, leaf, parameters, metadata };
  const lines = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${inTextFile(value)}\n`]));
  const prompt = systemPrompt === undefined ? "" : writeProse("system-prompt", systemPrompt);
  return `---\nparley: ${markdownVersion}\n${lines.join("")}---\n\n# ${oneLine(title) || "Conversation"}\n\n${prompt}`;
}

/** `follows`: the number of the message that it follows, where that is not the one before it in the file. */
function messageText({ message, ...stored }: ArchivedMessage, number: number, follows: number | undefined): string {
  const { id, parent, createdAt, model, status, finishReason, usage, cost, timings, error, metadata } = stored;
  const { role } = message;
  const data = { id, parent, role, createdAt, model, status, finishReason, usage, cost, timings, error, metadata };
  const told = [
    `${number}. ${names[role]}`,
    ...(model === undefined ? [] : [oneLine(model)]),
    shownTime(createdAt),
    ...(follows === undefined ? [] : [`follows ${follows}`]),
    ...(status === undefined || status === "complete" ? [] : [status]),
  ];
  const parts = message.content.map((part) => writePart(part)).join("");
  return `${markLine("message", data)}\n## ${told.join(" · ")}\n\n${parts}`;
}

function shownTime(at: number): string {
  return new Date(at)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/u, " UTC");
}
