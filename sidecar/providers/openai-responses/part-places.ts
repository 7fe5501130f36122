// Where the pieces of an answer of the Responses API belong, and what keeps the parts of it apart: nothing is sent between them.

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
