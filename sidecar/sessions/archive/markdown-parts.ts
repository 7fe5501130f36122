// The parts of a message in a Markdown file: each a mark with what only programs need, then what people read. The text of a part
// stands in the file itself; whatever else belongs to it is in its mark.

import { linesOf } from "../../prompt-text.ts";
import type { FilePart, ImagePart, JsonObject, Part, ToolCallPart, ToolResultPart } from "../../types.ts";
import { fenceFor, jsonForComment, markStart, openFence, readExactly, writeExactly } from "./exact-text.ts";

const reasoningBegins = "<details><summary>Reasoning</summary>\n\n";
const reasoningEnds = "\n\n</details>";
const base64 = /^[A-Za-z0-9+/=_-]*$/u;
const isMediaType = /^[\w.+-]+\/[\w.+-]+$/u;
const imageLine = /^!\[[^\]\n]*\]\(data:[^;,\n]*;base64,([^)\n]*)\)$/u;

/** A mark, then a blank line: what follows it is the body. */
export function markLine(name: string, data: object = {}): string {
  const told = Object.values(data).some((value) => value !== undefined);
  return `${markStart}${name}${told ? ` ${jsonForComment(data)}` : ""} -->\n`;
}

/** With its mark; ends with a blank line. */
export function writePart(part: Part): string {
  switch (part.type) {
    case "text":
      return writeProse("text", part.text);
    case "reasoning":
      return writeProse("reasoning", part.text, reasoningBegins, reasoningEnds);
    case "file":
      return writeFile(part);
    case "tool-call":
      return writeCall(part);
    case "tool-result":
      return writeResult(part);
    case "image":
      return writeImage(part);
    case "opaque":
      break;
  }
  return `${markLine(part.type, { provider: part.provider, data: part.data })}\n`;
}

function writeFile({ type, text, ...rest }: FilePart): string {
  return writeFenced(type, rest, text, { title: fileTitle(rest), language: rest.languageId });
}

function writeCall({ type, arguments: text, ...rest }: ToolCallPart): string {
  return writeFenced(type, rest, text, { title: callTitle(rest), language: "json" });
}

function writeResult({ type, content, ...rest }: ToolResultPart): string {
  return writeFenced(type, rest, content, { title: resultTitle(rest) });
}

function fileTitle(part: Omit<FilePart, "type" | "text">): string {
  return `**${oneLine(part.name)}**${linesOf(part)}`;
}

function callTitle({ name }: Pick<ToolCallPart, "name">): string {
  return `**Calls ${oneLine(name)}**`;
}

function resultTitle({ name = "The tool" }: Pick<ToolResultPart, "name">): string {
  return `**${oneLine(name)} gives**`;
}

interface Around {
  /** The body with blank lines where the text of the part is. */
  readonly given: string;
  /** The line that Parley writes there. */
  readonly own: string;
}

/** What stands in a part's body beside its text. `body` was read by `readPart`. */
export function aroundPart(part: Part, body: string): Around {
  switch (part.type) {
    case "file":
      return { given: aroundFence(body), own: fileTitle(part) };
    case "tool-call":
      return { given: aroundFence(body), own: callTitle(part) };
    case "tool-result":
      return { given: aroundFence(body), own: resultTitle(part) };
    case "image":
      return { given: imageLine.test(body.trim()) ? "" : body, own: "" };
    case "opaque":
      return { given: body, own: "" };
    case "text":
    case "reasoning":
      break;
  }
  return { given: "", own: "" };
}

/**
 * `data` and `body` as they stand in the file. What comes back is shaped like a part and not yet checked; undefined for a mark
 * that is none of a part. Throws an `Error` that says what the body lacks.
 */
export function readPart(name: string, data: JsonObject, body: string): JsonObject | undefined {
  const { escapes, closed, ...rest } = data;
  const exact = (text: string): string => readExactly({ text, escapes: escapes === true });
  switch (name) {
    case "text":
      return { ...rest, type: name, text: exact(proseOf(body, closed)) };
    case "reasoning":
      return { ...rest, type: name, text: exact(proseOf(body, closed, reasoningBegins, reasoningEnds)) };
    case "file":
      return { ...rest, type: name, text: exact(fencedOf(body)) };
    case "tool-call":
      return { ...rest, type: name, arguments: exact(fencedOf(body)) };
    case "tool-result":
      return { ...rest, type: name, content: exact(fencedOf(body)) };
    case "image":
      return Object.hasOwn(rest, "data") ? { ...rest, type: name } : { ...rest, type: name, data: imageOf(body) };
    case "opaque":
      return { ...rest, type: name };
    default:
      return undefined;
  }
}

/** As Markdown. A fence that the text leaves open is closed after it, which the mark tells. */
export function writeProse(name: string, given: string, begins = "", ends = ""): string {
  const { text, escapes } = writeExactly(given);
  const closed = openFence(text);
  const mark = markLine(name, { ...(escapes && { escapes }), ...(closed !== undefined && { closed }) });
  return `${mark}\n${begins}${text}${closed === undefined ? "" : `\n${closed}`}${ends}\n\n`;
}

/** Of a body that has been edited as much is taken away as is there. */
export function proseOf(body: string, closed: unknown, begins = "", ends = ""): string {
  const text = without(without(trimmed(body), begins, true), ends, false);
  return typeof closed === "string" ? without(text, `\n${closed}`, false) : text;
}

interface Heading {
  readonly title: string;
  readonly language?: string | undefined;
}

function writeFenced(name: string, data: object, given: string, { title, language }: Heading): string {
  const { text, escapes } = writeExactly(given);
  const fence = fenceFor(text);
  const info = language !== undefined && /^[\w+#.-]{1,40}$/u.test(language) ? language : "";
  return `${markLine(name, { ...data, ...(escapes && { escapes }) })}\n${title}\n\n${fence}${info}\n${text}\n${fence}\n\n`;
}

function fencedOf(body: string): string {
  const { begin, end } = fenceIn(body);
  return body.slice(begin, Math.max(begin, end));
}

function aroundFence(body: string): string {
  const { opening, begin, end, fence } = fenceIn(body);
  const fenced = body.slice(begin - opening.length, end);
  return body.slice(0, begin - opening.length) + "\n".repeat(fenced.split("\n").length) + body.slice(end + 1 + fence.length);
}

interface Fence {
  /** The whole line. */
  readonly opening: string;
  readonly fence: string;
  /** Where the text begins, and the line end before the closing fence. */
  readonly begin: number;
  readonly end: number;
}

function fenceIn(body: string): Fence {
  const found = /^(`{3,})[^\n]*\n/mu.exec(body);
  const [opening = "", fence = ""] = found ?? [];
  const begin = (found?.index ?? 0) + opening.length;
  const end = body.lastIndexOf(`\n${fence}`);
  // An empty text has its two line ends in common.
  if (opening === "" || end < begin - 1) throw new Error("its text is missing, between two lines of backticks");
  return { opening, fence, begin, end };
}

function writeImage({ type, mediaType, data }: ImagePart): string {
  if (!base64.test(data) || !isMediaType.test(mediaType)) return `${markLine(type, { mediaType, data })}\n`;
  return `${markLine(type, { mediaType })}\n![${mediaType}](data:${mediaType};base64,${data})\n\n`;
}

function imageOf(body: string): string {
  const data = imageLine.exec(body.trim())?.[1];
  if (data === undefined) throw new Error("its data is missing: ![…](data:…;base64,…) on one line");
  return data;
}

/** Without the blank lines around it, which belong to the file. */
function trimmed(body: string): string {
  return without(without(body, "\n", true), body.endsWith("\n\n") ? "\n\n" : "\n", false);
}

function without(text: string, piece: string, atStart: boolean): string {
  if (piece === "") return text;
  if (atStart) return text.startsWith(piece) ? text.slice(piece.length) : text;
  return text.endsWith(piece) ? text.slice(0, -piece.length) : text;
}

/** For people, on one line, and never one of the file's marks. */
export function oneLine(text: string): string {
  return writeExactly(text.replaceAll(/\s+/gu, " ").trim()).text;
}
