// Where the pieces of an answer of the Responses API belong, what a part of it says, and what keeps the parts apart: nothing is sent
// between them.

import type { JsonObject, JsonValue } from "../../types.ts";
import { asCount, asList, asObject, asText } from "../json-fields.ts";

/** A part of what was thought, or a message. */
export interface PartPlace {
  readonly id: string | undefined;
  readonly place: number;
  readonly index: number;
}

/** Parts of reasoning, and of its summary, are numbered each within its item. */
export function partIndex(record: JsonObject): number {
  return asCount(record["summary_index"]) ?? asCount(record["content_index"]) ?? 0;
}

/** Another item has another id and another place: servers exist that keep only one of them the same. */
export function isOtherPart(before: PartPlace, now: PartPlace): boolean {
  return before.index !== now.index || (before.place !== now.place && before.id !== now.id);
}

/** Parts are paragraphs; some servers begin or end them with the blank line themselves. */
export function blankLine(before: string, after: string): string {
  if (before.endsWith("\n\n") || after.startsWith("\n\n")) return "";
  return before.endsWith("\n") || after.startsWith("\n") ? "\n" : "\n\n";
}

/** Parts of a message. Those of reasoning come in events of the same name. */
const MESSAGE_PARTS: readonly unknown[] = [undefined, null, "output_text", "text", "refusal", "output_audio", "audio"];

/**
 * What a part of a message says, or an event that tells of one as a whole. A refusal is a text; of sound that is what is written
 * beside it.
 */
export function wholePart(part: JsonObject): { readonly text: string; readonly isRefusal: boolean } {
  const text = asText(part["text"]) ?? asText(part["transcript"]);
  return { text: text ?? asText(part["refusal"]) ?? "", isRefusal: text === undefined };
}

/** The part that an event tells of as a whole; undefined where it is none of a message. */
export function toldPart(record: JsonObject): JsonObject | undefined {
  const part = asObject(record["part"]) ?? record;
  return part === record || MESSAGE_PARTS.includes(part["type"]) ? part : undefined;
}

/** The parts of reasoning, or of its summary: paragraphs of their own. */
export function joinedTexts(parts: JsonValue | undefined): string {
  const texts = (asList(parts) ?? []).map((part) => asText(asObject(part)?.["text"]) ?? "");
  return texts.filter((text) => text !== "").join("\n\n");
}

export function placeOf(record: JsonObject): number {
  return asCount(record["output_index"]) ?? 0;
}

/** By the item's id and by its place: servers exist that keep only one of them the same from the first event to the last. */
export function partKeys(record: JsonObject): readonly string[] {
  const part = asCount(record["content_index"]) ?? 0;
  const id = asText(record["item_id"]);
  return [...(id === undefined ? [] : [`id:${id}:${part}`]), `place:${placeOf(record)}:${part}`];
}
