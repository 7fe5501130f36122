// A title that the model itself makes out of the first question and its answer.

import { stripVTControlCharacters } from "node:util";
import { AnswerFold } from "../answers/fold.ts";
import type { Llm } from "../api.ts";
import { currentScope, runInScope } from "../call-scope.ts";
import { isObject } from "../check.ts";
import type { Message, Part, StoredMessage } from "../types.ts";
import { shortTitle } from "./title.ts";

/** Characters of the question and of the answer that the model sees: what they are about stands at their beginning. */
const MOST_READ = 1_000;
/** Tokens. A title has some ten; a model that thinks first gets no further, and the title stays as it is. */
const MOST_WRITTEN = 200;
/** Milliseconds. Nobody waits for it, and nothing should be under way for long that nobody sees. */
const TIME_LIMIT_MS = 30_000;

const system =
  "You name conversations. Answer with a title of two to six words in the language of the question, without quotation marks and without a full stop.";

/**
 * Undefined where the model has given none: it failed, was called off, had too much to say, or said nothing. Runs behind
 * everything that somebody waits for, and never takes an endpoint's last place. Never rejects.
 */
export async function generatedTitle(
  llm: Llm,
  question: StoredMessage,
  answer: StoredMessage,
  signal: AbortSignal,
): Promise<string | undefined> {
  const prompt = `The question:\n${beginning(question.message)}\n\nThe answer:\n${beginning(answer.message)}\n\nThe title:`;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]);
  const fold = new AnswerFold(llm.ref);
  try {
    const stream = runInScope({ ...currentScope(), workClass: "batch" }, () =>
      llm.streamBatches(prompt, { system, maxOutputTokens: MOST_WRITTEN, signal: limited }),
    );
    for await (const batch of stream) fold.add(batch);
  } catch {
    return undefined;
  }
  const { content, status, finishReason } = fold.result();
  if (status !== "complete" || finishReason !== "stop") return undefined;
  return cleaned(content);
}

function beginning({ content }: Message): string {
  const text = content
    .map((part: Part) => (part.type === "text" ? part.text : part.type === "file" ? `[file ${part.name}]` : ""))
    .join(" ");
  return Array.from(text.trim().slice(0, 2 * MOST_READ))
    .slice(0, MOST_READ)
    .join("");
}

const assent = String.raw`(?:sure(?: thing)?|certainly|of course|okay|ok)`;
/** What a model begins with that was asked for a title alone: "Sure! Here is a title:". */
const preamble = new RegExp(
  String.raw`^(?:${assent}[\s,.!:]*$|(?:${assent}[\s,.!]+)?here(?:['’]s| is| are)\b[^:：]*\b(?:title|name)[^:：]*[:：])`,
  "iu",
);

/** The first line that says something, without what models like to put around a title. Undefined where no title is left. */
function cleaned(content: string): string | undefined {
  const lines = printable(titleInJson(content) ?? content)
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("```"))
    .map((line) => bare(bare(line).replace(preamble, "")))
    .filter((line) => line !== "");
  const [first = "", second = first] = lines;
  // Whatever its words, a line with a colon at its end leads to the next.
  const title = /[:：]$/u.test(first) ? second : first;
  return title === "" ? undefined : shortTitle(title);
}

function bare(line: string): string {
  return line
    .replace(/^\s*(?:#+|[-*>])\s+/u, "")
    .replace(/^\s*(?:\*\*)?title(?:\*\*)?\s*[:：]\s*/iu, "")
    .replaceAll(/^[\s"'“”„«»‘’`*_]+|[\s"'“”„«»‘’`*_.。]+$/gu, "");
}

/** Without what moves a terminal's cursor or turns the direction of a text around: a title stands in lists among others. */
function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/(?!\n|\t)\p{Cc}|\p{Bidi_Control}/gu, "");
}

/** Of an answer that is an object with a title, or holds one. */
function titleInJson(content: string): string | undefined {
  const [from, to] = [content.indexOf("{"), content.lastIndexOf("}")];
  if (from < 0 || to < from) return undefined;
  try {
    const value: unknown = JSON.parse(content.slice(from, to + 1));
    return isObject(value) && typeof value["title"] === "string" ? value["title"] : undefined;
  } catch {
    // Braces that belong to the title's own words.
    return undefined;
  }
}
