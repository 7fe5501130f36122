// Reads a conversation from the Markdown of `write-markdown.ts`, also where people have changed words of it. The title may be
// changed in the first lines or in the heading; where both were, the first lines count. What else stands outside of the texts is
// for people alone: what they have written there is left out, which a note tells with its line.

import { Failure } from "../../failure.ts";
import type { JsonObject, JsonValue } from "../../types.ts";
import { isObject } from "../../check.ts";
import { shapes } from "../conversation-shapes.ts";
import { invalidArchive, markdownVersion, type ArchivedMessage, type ArchivedSession, type ReadConversation } from "./conversation.ts";
import { markStart, readExactly } from "./exact-text.ts";
import { LeftOut } from "./left-out.ts";
import { aroundPart, proseOf, readPart } from "./markdown-parts.ts";
import { messageHeading, titleHeading } from "./write-markdown.ts";

const frontMatter = /^---\nparley: ([^\n]*)\n([\s\S]*?\n)??---\n/u;
const field = /^([a-zA-Z]+): (.+)$/u;

/** What the first lines may tell. A record, so that none is missing. */
const fieldNames: { readonly [name in keyof ArchivedSession]-?: true } = {
  title: true,
  id: true,
  model: true,
  createdAt: true,
  updatedAt: true,
  leaf: true,
  systemPrompt: true,
  parameters: true,
  metadata: true,
};

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
  const leftOut = new LeftOut();
  const session: { [name: string]: JsonValue | undefined } = readFields(fields, leftOut);
  const messages: Message[] = [];
  const blocks = markedBlocks(text, head.length);
  const end = blocks.pop();
  for (const block of blocks) {
    if (block.name === "system-prompt") session["systemPrompt"] = textOf(block);
    else if (block.name === "message") messages.push(new Message(block));
    else addPart(messages.at(-1), block);
  }
  checkEnd(end, messages.length, text);
  const between = text.slice(head.length, text.indexOf(`\n${markStart}`, head.length - 1) + 1);
  const edited = withHeading(checkedSession(session), end.data["title"], { between, line: linesOf(head), leftOut });
  const read = messages.map((message) => message.checked());
  tellAround(messages, read, leftOut);
  leftOut.add(end.body, end.line + 1, "");
  return { session: edited, messages: read, format: "markdown", notes: leftOut.notes };
}

interface BeforeMessages {
  /** What stands between the first lines and the first mark. */
  readonly between: string;
  /** Where it begins. */
  readonly line: number;
  readonly leftOut: LeftOut;
}

/** `exported`: the title that was written, by which the one that somebody has changed is known; older files tell none. */
function withHeading(
  session: ArchivedSession,
  exported: JsonValue | undefined,
  { between, line, leftOut }: BeforeMessages,
): ArchivedSession {
  const [heading = "", title = ""] = /^# +(\S.*)$/mu.exec(between) ?? [];
  const isFromExport = typeof exported === "string" && heading.trim() === titleHeading(exported);
  const isChanged = heading !== "" && exported === session.title && !isFromExport;
  leftOut.add(between, line, isChanged || isFromExport ? heading : titleHeading(session.title));
  return isChanged ? checkedSession({ ...session, title: title.trim() }) : session;
}

/** What stands around the texts of the messages and was not written by Parley. */
function tellAround(messages: readonly Message[], read: readonly ArchivedMessage[], leftOut: LeftOut): void {
  const numbers = new Map<string, number>();
  for (const [index, archived] of read.entries()) {
    const { parent } = archived;
    const follows = parent === (read[index - 1]?.id ?? null) ? undefined : numbers.get(parent ?? "");
    messages[index]?.tellAround(archived, messageHeading(archived, index + 1, follows), leftOut);
    numbers.set(archived.id, index + 1);
  }
}

class Message {
  readonly #block: Marked;
  readonly #parts: JsonObject[] = [];
  readonly #blocks: Marked[] = [];

  constructor(block: Marked) {
    this.#block = block;
  }

  add(part: JsonObject, block: Marked): void {
    this.#parts.push(part);
    this.#blocks.push(block);
  }

  /** `archived`: as `checked` gave it. */
  tellAround({ message }: ArchivedMessage, heading: string, leftOut: LeftOut): void {
    leftOut.add(this.#block.body, this.#block.line + 1, heading);
    for (const [index, part] of message.content.entries()) {
      const block = this.#blocks[index];
      if (block === undefined) continue;
      const { given, own } = aroundPart(part, block.body);
      leftOut.add(given, block.line + 1, own);
    }
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

function addPart(message: Message | undefined, block: Marked): void {
  const { name, data, body, line } = block;
  let part: JsonObject | undefined;
  try {
    part = readPart(name, data, body);
  } catch (error) {
    throw invalidArchive(`Line ${line}`, `the part "${name}" cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (part === undefined) throw invalidArchive(`Line ${line}`, `"${name}" is no mark that this version of Parley knows`);
  if (message === undefined) throw invalidArchive(`Line ${line}`, `"${name}" belongs to a message, and none has begun`);
  message.add(part, block);
}

function readFields(fields: string, leftOut: LeftOut): { [name: string]: JsonValue } {
  const session: { [name: string]: JsonValue } = {};
  // The first line is that of the dashes, the second that of the version.
  for (const [index, written] of fields.split("\n").slice(0, -1).entries()) {
    const line = index + 3;
    const [, name = "", value = ""] = field.exec(written) ?? [];
    if (name === "") throw invalidArchive(`Line ${line}`, "a name, a colon and a value in JSON are expected");
    if (!isField(name)) leftOut.add(written, line, "", `Parley keeps nothing called "${name}"`);
    else session[name] = name === "title" ? titleFrom(value, line) : parsed(value, line, `the value of "${name}"`, inQuotes);
  }
  return session;
}

function isField(name: string): boolean {
  return Object.hasOwn(fieldNames, name);
}

/** What a person writes there stands in no quotation marks. */
function titleFrom(value: string, line: number): JsonValue {
  if (value.startsWith('"')) return parsed(value, line, 'the value of "title"', inQuotes);
  return /^'(.*)'$/u.exec(value.trim())?.[1]?.replaceAll("''", "'") ?? value.trim();
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

function checkEnd(end: Marked | undefined, messages: number, text: string): asserts end is Marked {
  if (end?.name !== "end") throw invalidArchive(`Line ${linesOf(text)}`, "the file ends in the middle: its last mark is missing");
  const { messages: count } = end.data;
  if (count === messages) return;
  const words = `the mark "end" announces ${JSON.stringify(count)} messages, and ${messages} are there`;
  throw invalidArchive(`Line ${end.line}`, `${words}; where that is meant, write "messages":${messages} in this line (parley:end)`);
}

function linesOf(text: string): number {
  return text.split("\n").length;
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

const inQuotes = '; it is JSON, in which a text stands in quotation marks ("…")';

/** `hint` ends the words of the error. */
function parsed(json: string, line: number, what: string, hint = ""): JsonValue {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw invalidArchive(`Line ${line}`, `${what} is no JSON: ${error instanceof Error ? error.message : String(error)}${hint}`);
  }
}

function isJsonObject(value: JsonValue): value is JsonObject {
  return isObject(value);
}

function unknownVersion(version: string): string {
  return `the file has the version "${version.slice(0, 40)}" and this Parley reads "${markdownVersion}"; a newer Parley may read it`;
}
