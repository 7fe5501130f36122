// Reads a conversation from the Markdown of `write-markdown.ts`, also where people have changed words of it. What stands outside
// of the texts (headings, blank lines) is for people alone and not looked at.

import { Failure } from "../../failure.ts";
import type { JsonObject, JsonValue } from "../../types.ts";
import { isObject } from "../../check.ts";
import { shapes } from "./archive-shapes.ts";
import { invalidArchive, markdownVersion, type ArchivedMessage, type ArchivedSession, type ReadConversation } from "./conversation.ts";
import { markStart, readExactly } from "./exact-text.ts";
import { proseOf, readPart } from "./markdown-parts.ts";

const frontMatter = /^---\nparley: ([^\n]*)\n([\s\S]*?\n)??---\n/u;
const field = /^([a-zA-Z]+): (.+)$/u;

/** A mark and what follows it, up to the next one. */
interface Marked {
  readonly name: string;
  readonly data: JsonObject;
  readonly body: string;
  /** From 1. */
  readonly line: number;
}

export function isMarkdownConversation(text: string): boolean {
  return /^---\r?\nparley: /u.test(text);
}

/** Throws a `Failure` with code `invalid-archive` that names the line. */
export function readMarkdown(given: string): ReadConversation {
  // Line ends that Git or an editor has changed; those of the texts themselves are written as references.
  const text = given.replaceAll("\r\n", "\n");
  const begin = frontMatter.exec(text);
  if (begin === null) throw invalidArchive("Line 1", "this is no conversation that Parley has exported: its first lines are missing");
  const [head, version = "", fields = ""] = begin;
  if (version !== markdownVersion) throw invalidArchive("Line 2", unknownVersion(version));
  const session: { [name: string]: JsonValue | undefined } = readFields(fields);
  const messages: Message[] = [];
  const blocks = markedBlocks(text, head.length);
  const end = blocks.pop();
  for (const block of blocks) {
    if (block.name === "system-prompt") session["systemPrompt"] = textOf(block);
    else if (block.name === "message") messages.push(new Message(block));
    else addPart(messages.at(-1), block);
  }
  checkEnd(end, messages.length, text);
  return { session: checkedSession(session), messages: messages.map((message) => message.checked()), format: "markdown", notes: [] };
}

class Message {
  readonly #block: Marked;
  readonly #parts: JsonObject[] = [];

  constructor(block: Marked) {
    this.#block = block;
  }

  add(part: JsonObject): void {
    this.#parts.push(part);
  }

  checked(): ArchivedMessage {
    const { data, line } = this.#block;
    const { role, ...rest } = data;
    const message: unknown = { ...rest, message: { role, content: this.#parts } };
    return inLine(line, () => {
      checkMessage(message);
      return message;
    });
  }
}

function addPart(message: Message | undefined, { name, data, body, line }: Marked): void {
  let part: JsonObject | undefined;
  try {
    part = readPart(name, data, body);
  } catch (error) {
    throw invalidArchive(`Line ${line}`, `the part "${name}" cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (part === undefined) throw invalidArchive(`Line ${line}`, `"${name}" is no mark that this version of Parley knows`);
  if (message === undefined) throw invalidArchive(`Line ${line}`, `"${name}" belongs to a message, and none has begun`);
  message.add(part);
}

function readFields(fields: string): { [name: string]: JsonValue } {
  const session: { [name: string]: JsonValue } = {};
  // The first line is that of the dashes, the second that of the version.
  for (const [index, written] of fields.split("\n").slice(0, -1).entries()) {
    const line = index + 3;
    const [, name = "", value = ""] = field.exec(written) ?? [];
    if (name === "") throw invalidArchive(`Line ${line}`, "a name, a colon and a value in JSON are expected");
    session[name] = parsed(value, line, `the value of "${name}"`);
  }
  return session;
}

/** `from`: where the first may stand. */
function markedBlocks(text: string, from: number): Marked[] {
  const blocks: Marked[] = [];
  const starts: number[] = [];
  for (let at = text.indexOf(`\n${markStart}`, from - 1); at >= 0; at = text.indexOf(`\n${markStart}`, at + 1)) starts.push(at + 1);
  let line = 1;
  let counted = 0;
  for (const [index, start] of starts.entries()) {
    for (let at = text.indexOf("\n", counted); at >= 0 && at < start; at = text.indexOf("\n", at + 1)) line += 1;
    counted = start;
    const stop = text.indexOf("\n", start);
    const mark = text.slice(start, stop < 0 ? undefined : stop).trimEnd();
    const [, name, data] = /^<!-- parley:([a-z-]+)(?: (\{.*\}))? -->$/u.exec(mark) ?? [];
    if (name === undefined) throw invalidArchive(`Line ${line}`, "a mark of Parley is damaged: it is one line, <!-- parley:name {…} -->");
    const read = data === undefined ? {} : parsed(data, line, `the mark "${name}"`);
    if (!isJsonObject(read)) throw invalidArchive(`Line ${line}`, `the mark "${name}" is damaged`);
    blocks.push({ name, data: read, body: stop < 0 ? "" : text.slice(stop + 1, starts[index + 1]), line });
  }
  return blocks;
}

function checkEnd(end: Marked | undefined, messages: number, text: string): void {
  if (end?.name !== "end") throw invalidArchive(`Line ${text.split("\n").length}`, "the file ends in the middle: its last mark is missing");
  const { messages: count } = end.data;
  if (count !== messages)
    throw invalidArchive(`Line ${end.line}`, `${JSON.stringify(count)} messages are announced, and ${messages} are there`);
}

function textOf({ data, body }: Marked): string {
  return readExactly({ text: proseOf(body, data["closed"]), escapes: data["escapes"] === true });
}

function checkedSession(session: unknown): ArchivedSession {
  try {
    checkSession(session);
    return session;
  } catch (error) {
    throw error instanceof Failure ? invalidArchive("The first lines", error.message, error) : error;
  }
}

function inLine<T>(line: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Failure ? invalidArchive(`Line ${line}`, error.message, error) : error;
  }
}

function checkMessage(value: unknown): asserts value is ArchivedMessage {
  shapes.message(value, "");
}

function checkSession(value: unknown): asserts value is ArchivedSession {
  shapes.session(value, "");
}

function parsed(json: string, line: number, what: string): JsonValue {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw invalidArchive(`Line ${line}`, `${what} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isJsonObject(value: JsonValue): value is JsonObject {
  return isObject(value);
}

function unknownVersion(version: string): string {
  return `the file has the version "${version.slice(0, 40)}" and this Parley reads "${markdownVersion}"; a newer Parley may read it`;
}
