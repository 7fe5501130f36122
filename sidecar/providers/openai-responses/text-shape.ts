// The record with which most of an answer comes, and what is another one in each of them.

import type { JsonObject } from "../../types.ts";
import type { RecordShape } from "../text-template.ts";

export const TEXT_GROWS = "response.output_text.delta";

export const TEXT_SHAPE: RecordShape<"delta"> = {
  textOf: (record, field) => record[field],
  varying: [
    { name: "sequence_number", kind: "count", valueOf: (record) => record["sequence_number"] },
    // OpenAI's padding.
    { name: "obfuscation", kind: "text", valueOf: (record) => record["obfuscation"] },
  ],
};

/** Where it belongs is told by an id and a number, which are the same again in another record. */
export function isNamed({ item_id: item, content_index: part }: JsonObject): boolean {
  return typeof item === "string" && (part === undefined || typeof part === "number");
}
