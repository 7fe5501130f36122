// Reasoning in OpenRouter's manner (https://openrouter.ai/docs/use-cases/reasoning-tokens): a list of details, which it wants back as
// the model gave them. They come in pieces: those of one text belong together, with the signature that vouches for it.

import type { JsonObject, JsonValue } from "../../types.ts";
import { HeldParts } from "../held-parts.ts";
import { asList, asObject, asText } from "../json-fields.ts";

const JOINED_FIELDS: readonly string[] = ["text", "summary"];
/** Of a detail in pieces. Each piece costs as much as there are. */
const MAX_FIELDS = 50;
/** Claude's. Snowflake's Cortex has it in details alone, which its recorded streams count as no reasoning: it is kept to go back. */
const UNREAD_FORMAT = "anthropic-claude-v1";

export class ReasoningDetails {
  readonly #details: JsonValue[] = [];
  readonly #held = new HeldParts();
  /** The place of the last text of each kind and number that no signature has come for. */
  readonly #unsigned = new Map<string, number>();

  /** As they go back: pieces put together, everything else as it came. */
  get all(): readonly JsonValue[] {
    return this.#details;
  }

  /** Throws `AnswerTooLarge`. */
  add(pieces: readonly JsonValue[]): void {
    for (const piece of pieces) {
      const detail = asObject(piece);
      const place = detail === undefined ? undefined : this.#placeOf(detail);
      const before = place === undefined ? undefined : asObject(this.#details[place]);
      if (detail !== undefined && place !== undefined && before !== undefined) this.#join(place, before, detail);
      else this.#begin(piece, detail);
    }
  }

  #begin(piece: JsonValue, detail: JsonObject | undefined): void {
    this.#held.addPart(piece);
    if (detail !== undefined && hasText(detail["text"]) && !hasText(detail["signature"]))
      this.#unsigned.set(keyOf(detail), this.#details.length);
    this.#details.push(piece);
  }

  #join(place: number, before: JsonObject, piece: JsonObject): void {
    for (const one of Object.values(piece)) if (typeof one === "string") this.#held.addText(one);
    this.#details[place] = joined(before, piece);
    if (hasText(piece["signature"])) this.#unsigned.delete(keyOf(piece));
  }

  /** Where the detail stands that the piece belongs to; undefined for one that begins another. */
  #placeOf(piece: JsonObject): number | undefined {
    const isSignature = isSignatureAlone(piece);
    const place = isSignature ? this.#unsigned.get(keyOf(piece)) : this.#details.length - 1;
    const before = place === undefined ? undefined : asObject(this.#details[place]);
    if (before === undefined || !(isSignature || continues(before, piece))) return undefined;
    const isFlat = Object.values(piece).every((value) => typeof value !== "object" || value === null);
    return isFlat && Object.keys(before).length + Object.keys(piece).length <= MAX_FIELDS ? place : undefined;
  }
}

/**
 * MiniMax has its thought here alone when it is asked to split it off (BerriAI/litellm#22392), and so have gateways. What is
 * encrypted has no words.
 */
export function textsOfDetails(details: JsonValue | undefined): string {
  const list = asList(details);
  if (list === undefined) return "";
  return list
    .map((value) => asObject(value))
    .map((detail) => (detail?.["format"] === UNREAD_FORMAT ? "" : (asText(detail?.["text"]) ?? asText(detail?.["summary"]) ?? "")))
    .join("");
}

/** What is signed is whole: text behind it is another thought, unless each piece of one has the signature. */
function continues(before: JsonObject, piece: JsonObject): boolean {
  return (
    (!hasText(before["signature"]) || before["signature"] === piece["signature"]) &&
    before["type"] === piece["type"] &&
    before["index"] === piece["index"] &&
    before["index"] !== undefined &&
    JOINED_FIELDS.some((field) => typeof before[field] === "string" && typeof piece[field] === "string")
  );
}

/** Claude's comes at the end of its text, in a piece that has none (earendil-works/pi#9534), or behind other pieces even. */
function isSignatureAlone(piece: JsonObject): boolean {
  return hasText(piece["signature"]) && !JOINED_FIELDS.some((field) => hasText(piece[field]));
}

/** Pieces of one text have the same kind and number. */
function keyOf(detail: JsonObject): string {
  return `${JSON.stringify(detail["type"])} ${JSON.stringify(detail["index"])}`;
}

function joined(before: JsonObject, piece: JsonObject): JsonValue {
  const fields: Record<string, JsonValue | undefined> = { ...before };
  for (const [key, value] of Object.entries(piece)) {
    const text = before[key];
    if (JOINED_FIELDS.includes(key) && typeof text === "string" && typeof value === "string") fields[key] = text + value;
    else if (value !== null) fields[key] = value;
  }
  return fields;
}

function hasText(value: JsonValue | undefined): boolean {
  return typeof value === "string" && value !== "";
}
