// How the next token is chosen.

import type { SequenceEvaluateOptions } from "node-llama-cpp";
import type { JsonObject } from "../../types.ts";
import type { SamplingParameters } from "../inference-messages.ts";
import { localError } from "../local-error.ts";
import type { LoadedModel } from "./loaded-model.ts";

/** llama.cpp's own defaults, as its server has them. */
const DEFAULTS = { temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05 } as const;

export async function samplingOptions(loaded: LoadedModel, sampling: SamplingParameters): Promise<SequenceEvaluateOptions> {
  const { seed, responseSchema } = sampling;
  return {
    temperature: sampling.temperature ?? DEFAULTS.temperature,
    topK: sampling.topK ?? DEFAULTS.topK,
    topP: sampling.topP ?? DEFAULTS.topP,
    minP: sampling.minP ?? DEFAULTS.minP,
    ...(seed === undefined ? {} : { seed }),
    ...(responseSchema === undefined ? {} : { grammarEvaluationState: await grammar(loaded, responseSchema) }),
  };
}

/** With a grammar the model can write nothing else than what the schema allows. */
async function grammar({ runtime, model }: LoadedModel, schema: JsonObject) {
  const { llama, library } = runtime;
  try {
    // Through JSON, because the library's type for schemas knows only those that are written out in code.
    const made = await llama.createGrammarForJsonSchema(JSON.parse(JSON.stringify(schema)));
    return new library.LlamaGrammarEvaluationState({ model, grammar: made });
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw localError("schema-refused", `The response schema cannot be made into a grammar: ${words}`, "before-headers", error);
  }
}
