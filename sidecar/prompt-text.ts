// How a file that the user attached becomes text that a model reads, and how a prompt over one file of many is put together.

import type { FilePart, Message, TextPart, UserPart } from "./types.ts";

type UserMessage = Extract<Message, { role: "user" }>;

/**
 * One question about one file. What is the same for every file comes first: providers cache the common beginning of
 * requests, so a run over many files pays for the prompt once.
 */
export function askAboutFile(prompt: string, file: FilePart): UserMessage {
  return { role: "user", content: [{ type: "text", text: prompt }, file] };
}

/** The same messages with every file part as text. Messages without one come back as they are, byte for byte. */
export function withFilesAsText(messages: readonly Message[]): readonly Message[] {
  return messages.map((message) =>
    message.role === "user" && message.content.some(isFile) ? { role: "user", content: mergeText(message.content) } : message,
  );
}

/** Characters of a message's text, with its files as text, that stand before the first of them; 0 where there is none, or more than text. */
export function lengthBeforeFile(message: Message): number {
  if (message.role !== "user") return 0;
  const before = message.content.slice(0, Math.max(0, message.content.findIndex(isFile)));
  const [text, ...more] = mergeText(before);
  return text?.type === "text" && more.length === 0 ? join(text, "").text.length : 0;
}

/** The name, the lines if it is a part of a file, and the content in a fence that nothing in the content can close. */
export function fileAsText(file: FilePart): string {
  const fence = "`".repeat(Math.max(3, longestRunOfBackticks(file.text) + 1));
  const newline = file.text === "" || file.text.endsWith("\n") ? "" : "\n";
  return `File: ${oneLine(file.name)}${linesOf(file)}\n${fence}${languageOf(file)}\n${file.text}${newline}${fence}`;
}

/** With a blank before it: ` (line 3)`, ` (lines 3 to 9)`; empty for a whole file. */
export function linesOf({ startLine, endLine }: Pick<FilePart, "startLine" | "endLine">): string {
  if (startLine === undefined) return "";
  return endLine === undefined || endLine === startLine ? ` (line ${startLine})` : ` (lines ${startLine} to ${endLine})`;
}

/** An info string must not hold backticks or spaces. */
function languageOf({ languageId }: FilePart): string {
  return languageId !== undefined && /^[\w+#.-]{1,40}$/u.test(languageId) ? languageId : "";
}

/** File names may hold line breaks; the header is one line. */
function oneLine(name: string): string {
  return name.replaceAll(/\s+/gu, " ").trim();
}

function longestRunOfBackticks(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/gu)) longest = Math.max(longest, run.length);
  return longest;
}

/**
 * Text and files that follow each other become one text with a blank line between them: servers differ in how they join
 * parts, and many small ones take only a single text.
 */
function mergeText(content: readonly UserPart[]): UserPart[] {
  const merged: UserPart[] = [];
  for (const part of content) {
    if (part.type === "image") {
      merged.push(part);
      continue;
    }
    const text = isFile(part) ? fileAsText(part) : part.text;
    const last = merged.at(-1);
    if (last?.type === "text") merged[merged.length - 1] = join(last, text);
    else merged.push({ type: "text", text });
  }
  return merged;
}

function join(before: TextPart, text: string): TextPart {
  const gap = before.text.endsWith("\n\n") ? "" : before.text.endsWith("\n") ? "\n" : "\n\n";
  return { type: "text", text: before.text === "" ? text : before.text + gap + text };
}

function isFile(part: UserPart): part is FilePart {
  return part.type === "file";
}
