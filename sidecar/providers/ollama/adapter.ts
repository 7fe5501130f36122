// Ollama's own chat interface (https://github.com/ollama/ollama/blob/main/docs/api.md), and not its imitation of OpenAI's:
// that one passes over the context length and thinking (quirk 35).

import type { GenerationParameters, JsonObject, JsonValue, ModelInfo, ReasoningEffort } from "../../types.ts";
import { learnSchema, schemaParameters } from "../answer-schema.ts";
import type { ErrorPayload } from "../error-payload.ts";
import { asList, asObject, asText } from "../json-fields.ts";
import type { ModelRequest } from "../provider.ts";
import { leftOut, mapped } from "../refusal.ts";
import { withProviderOptions } from "../provider-options.ts";
import { warnOfToolExtras } from "../tool-extras.ts";
import type { ModelList, WireAdapter, WireRequest, WireTarget, WireWarning } from "../wire-adapter.ts";
import { OllamaContexts } from "./contexts.ts";
import { ollamaMessages, ollamaTools } from "./messages.ts";
import { describeOllamaModels } from "./model-facts.ts";
import { OllamaReader } from "./reader.ts";

export const ollama: WireAdapter = {
  framing: "ndjson",
  buildRequest: buildOllamaRequest,
  createReader: (target) => new OllamaReader(target.prepared),
  learn: learnFromOllamaRefusal,
  modelsPath: "/api/tags",
  readModels: readOllamaModels,
  describeModels: (models, _target, ask) => describeOllamaModels(models, ask),
  createPreparation: () => new OllamaContexts(),
};

function buildOllamaRequest(request: ModelRequest, target: WireTarget): WireRequest {
  const warnings: WireWarning[] = [];
  const parameters = schemaParameters(request.parameters, true, target, warnings);
  warnOfToolExtras(target.row.name, parameters.tools, [], warnings);
  const options = optionsOf(parameters, target.prepared?.contextTokens);
  const body: JsonObject = {
    model: request.model,
    stream: true,
    // Since 0.12.6 a prompt that is too long is refused then; before, and by default, its oldest messages are left out in silence.
    truncate: false,
    ...thinkField(request.model, parameters.reasoning, target, warnings),
    ...(parameters.responseSchema === undefined ? {} : { format: parameters.responseSchema }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(parameters.tools === undefined || parameters.tools.length === 0 ? {} : { tools: ollamaTools(parameters.tools) }),
  };
  // The messages come last, so that the bytes of one turn are a prefix of those of the next.
  const messages = ollamaMessages(parameters.system, request.messages, target, warnings);
  return { path: "/api/chat", body: { ...withProviderOptions(body, parameters, target, "messages"), messages }, warnings };
}

function optionsOf(parameters: GenerationParameters, contextTokens: number | undefined): JsonObject {
  const { temperature, topP, seed, maxOutputTokens, stop } = parameters;
  return {
    ...(contextTokens === undefined ? {} : { num_ctx: contextTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(maxOutputTokens === undefined ? {} : { num_predict: maxOutputTokens }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop }),
  };
}

/** Only gpt-oss has levels. A model that cannot think refuses to be asked for it, but not to be asked not to (quirk 36). */
function thinkField(model: string, effort: ReasoningEffort | undefined, target: WireTarget, warnings: WireWarning[]): JsonObject {
  if (effort === undefined) return {};
  if (target.learned.has("think")) {
    if (effort !== "off") warnings.push(leftOut("reasoning", "The model cannot think; it was asked without it."));
    return {};
  }
  if (model.includes("gpt-oss")) {
    if (effort !== "off") return { think: effort };
    warnings.push(mapped("reasoning", "gpt-oss cannot switch reasoning off; it was asked for the least of it."));
    return { think: "low" };
  }
  if (effort !== "off") {
    warnings.push(mapped("reasoning", `Ollama can only switch this model's thinking on or off; the level "${effort}" became "on".`));
  }
  return { think: effort !== "off" };
}

function learnFromOllamaRefusal(status: number, payload: ErrorPayload, body: JsonObject): string | undefined {
  const { message } = payload;
  if (status === 400 && "think" in body && /\bthink(ing)?\b/u.test(message)) return "think";
  // The grammar is made where the model runs, and what goes wrong there comes back as 500.
  return status === 400 || status === 500 ? learnSchema(payload, body, asObject(body["format"])) : undefined;
}

function readOllamaModels(json: JsonValue, target: WireTarget): ModelList | undefined {
  const list = asList(asObject(json)?.["models"]);
  if (list === undefined) return undefined;
  const models: ModelInfo[] = [];
  for (const value of list) {
    const entry = asObject(value);
    const model = asText(entry?.["model"]) ?? asText(entry?.["name"]);
    if (model === undefined || model === "") continue;
    // Embedding models stand in the same list, and all of them descend from BERT.
    if (/bert/iu.test(asText(asObject(entry?.["details"])?.["family"]) ?? "")) continue;
    models.push({ ref: `${target.provider}/${model}`, provider: target.provider, model, name: model });
  }
  return { models };
}
