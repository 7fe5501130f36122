// From the text of a record to the JSON objects in it.

import { endOfString, hasTooManyValues } from "../json-depth.ts";
import type { JsonObject, JsonValue } from "../types.ts";
import { readErrorBody } from "./error-payload.ts";
import { asList, asObject, asText, parseJson } from "./json-fields.ts";
import { AnswerTooLarge, MalformedRecord, StreamFailure } from "./wire-adapter.ts";

/**
 * One object as a rule. Several where a server forgot the empty line between its events, so that they arrived as the lines
 * of one, or in a list, as Gemini writes its errors; none where it only shows that it is there. Throws `MalformedRecord`, or
 * `AnswerTooLarge`: what cannot be read is never skipped, since nobody could tell what is missing. `event` is the name of a server-sent
 * event: plain words in one that is called an error are one, and thrown as a `StreamFailure`.
 */
export function parseRecords(data: string, event = ""): readonly JsonObject[] {
  const whole = objectsOf(parseJson(data)) ?? objectsOf(parseNoNumbers(data));
  if (whole !== undefined) return whole;
  if (isSignOfLife(event)) return [];
  if (hasTooManyValues(data)) throw new AnswerTooLarge("too many values in one record");
  const lines = data.split("\n").filter((line) => !saysNothing(line.trim()));
  const objects = lines.map((line) => objectsOf(parseJson(line)));
  if (objects.includes(undefined)) throw event === "error" ? new StreamFailure(readErrorBody(data)) : new MalformedRecord(data);
  return objects.flatMap((some) => some ?? []);
}

const NO_NUMBER = /-?(?:Infinity|NaN)/uy;

/** Python writes numbers that are none, as a probability's logarithm can be, in words that are no JSON: they are read as null. */
function parseNoNumbers(data: string): JsonValue | undefined {
  if (!data.includes("Infinity") && !data.includes("NaN")) return undefined;
  let json = "";
  let from = 0;
  for (let at = 0; at < data.length; at += 1) {
    const character = data.charAt(at);
    if (character === '"') at = endOfString(data, at + 1);
    if (!"-IN".includes(character)) continue;
    NO_NUMBER.lastIndex = at;
    const found = NO_NUMBER.exec(data)?.[0];
    if (found === undefined) continue;
    json += `${data.slice(from, at)}null`;
    from = at + found.length;
    at = from - 1;
  }
  return parseJson(json + data.slice(from));
}

/** An object, or a list of nothing else. */
function objectsOf(value: JsonValue | undefined): readonly JsonObject[] | undefined {
  const one = asObject(value);
  if (one !== undefined) return [one];
  const list = asList(value);
  const objects = list?.map((item) => asObject(item)).filter((item) => item !== undefined);
  return objects?.length === list?.length ? objects : undefined;
}

const SIGN_OF_LIFE = /^(?:ping|heartbeat|keep-?alive)$/iu;

/** An event of this name only shows that the server is there. */
export function isSignOfLife(event: string): boolean {
  return SIGN_OF_LIFE.test(event);
}

/**
 * What some write as data so that nobody takes the connection for dead: a comment in the wrong place, as Vertex AI has it for models of
 * its partners (anomalyco/opencode#50871), a word, nothing, or a value that holds nothing.
 */
function saysNothing(line: string): boolean {
  return line === "" || line.startsWith(":") || line === "null" || line === "[]" || line === '""' || SIGN_OF_LIFE.test(line);
}

/** The `[DONE]` with which chat completions end, and which proxies also put at the end of streams that have an end of their own. */
export function isEndMark(data: string): boolean {
  return data.startsWith("[DONE]") || (!data.startsWith("{") && /^\s+\[DONE\]/u.test(data));
}

/**
 * The records of a server-sent event with their types: a record's own, else the event's name. None for the `[DONE]` of chat
 * completions. Throws `MalformedRecord`.
 */
export function parseTypedRecords(data: string, event: string): readonly (readonly [record: JsonObject, type: string])[] {
  return isEndMark(data) ? [] : parseRecords(data, event).map((record) => [record, asText(record["type"]) ?? event]);
}
