// A schema asked for in words, where a provider or a model takes none, and what is said to a model whose answer did not fit.

import type { GenerationParameters, JsonObject } from "../types.ts";

/** The words stand in the system prompt, so that they are the same bytes in every turn. */
export function withSchemaInWords(parameters: GenerationParameters): GenerationParameters {
  const { responseSchema, ...others } = parameters;
  if (responseSchema === undefined) return parameters;
  const system = [parameters.system ?? "", schemaWords(responseSchema)].filter((text) => text.trim() !== "").join("\n\n");
  return { ...others, system };
}

function schemaWords(schema: JsonObject): string {
  return [
    "Answer with one JSON value that satisfies the JSON Schema below, and with nothing else: no words before or after it, no code fence.",
    JSON.stringify(schema),
  ].join("\n\n");
}

/**
 * `problems` as `SchemaCheck` gives them. The schema stands here however it was asked for: servers that pass over the field that
 * carries it do so without a word, as OpenRouter does for models that cannot be held to one and Ollama for some of its engines, and
 * a model that was never told the schema cannot satisfy it.
 */
export function complaint(problems: readonly string[], schema: string): string {
  const list = problems.map((problem) => `- ${problem}`).join("\n");
  return [
    `That answer does not satisfy the JSON Schema:\n${list}`,
    `This is the schema:\n${schema}`,
    "Answer again with the corrected JSON, and with nothing else: no words before or after it, no code fence.",
  ].join("\n\n");
}
