// Where a chunk of chat completions has its text, and what else may be another one in each chunk.

import type { JsonObject } from "../../types.ts";
import { asList, asObject } from "../json-fields.ts";
import type { RecordShape } from "../text-template.ts";

/** Fields of a delta that hold text. */
export type DeltaField = "content" | "reasoning_content" | "reasoning";

export const DELTA_SHAPE: RecordShape<DeltaField> = {
  textOf: (chunk, field) => asObject(onlyChoice(chunk)?.["delta"])?.[field],
  varying: [
    // OpenAI's padding, and Mistral's: nobody reads them. Beside the choices, or in one.
    { name: "obfuscation", kind: "text", valueOf: (chunk) => chunk["obfuscation"] ?? onlyChoice(chunk)?.["obfuscation"] },
    { name: "p", kind: "text", valueOf: (chunk) => chunk["p"] ?? onlyChoice(chunk)?.["p"] },
    // Of servers that count as they go (vLLM, xAI).
    { name: "usage", kind: "object", valueOf: (chunk) => chunk["usage"] },
  ],
};

function onlyChoice(chunk: JsonObject): JsonObject | undefined {
  const choices = asList(chunk["choices"]);
  return choices?.length === 1 ? asObject(choices[0]) : undefined;
}
