// Model lists in OpenAI's shape, with what others add to it. A field that is absent stays unknown.

import type { JsonObject, JsonValue, ModelAbilities, ModelInfo } from "../../types.ts";
import { asCount, asList, asObject, asText } from "../json-fields.ts";
import { priceOf } from "./list-prices.ts";
import { liveProviders } from "./routed-providers.ts";
import type { ModelList, WireTarget } from "../wire-adapter.ts";

export function readChatModels(json: JsonValue, target: WireTarget): ModelList | undefined {
  const list = listOf(json);
  if (list === undefined) return undefined;
  const models: ModelInfo[] = [];
  const known = new Set<string>();
  for (const value of list) {
    const entry = asObject(value);
    const id = asText(entry?.["id"]);
    // Gateways name a model once for each server that has it.
    if (entry === undefined || id === undefined || id === "" || known.has(id) || !chats(entry, id, target)) continue;
    known.add(id);
    models.push(readModel(entry, id, target));
  }
  return { models };
}

/** Together and a few others send the bare list; servers written in Go, null for one with nothing in it. */
function listOf(json: JsonValue): readonly JsonValue[] | undefined {
  const body = asObject(json);
  const isNone = body?.["object"] === "list" && body["data"] === null;
  return asList(body?.["data"]) ?? asList(json) ?? (isNone ? [] : undefined);
}

function readModel(entry: JsonObject, id: string, target: WireTarget): ModelInfo {
  const prefix = target.row.chat?.modelIdPrefix ?? "";
  const model = prefix !== "" && id.startsWith(prefix) ? id.slice(prefix.length) : id;
  const contextWindow = contextWindowOf(entry);
  const maxOutputTokens = maxOutputTokensOf(entry);
  const abilities = abilitiesOf(entry);
  const price = priceOf(entry);
  return {
    ref: `${target.provider}/${model}`,
    provider: target.provider,
    model,
    name: asText(entry["name"]) ?? asText(entry["display_name"]) ?? model,
    ...(contextWindow === undefined ? {} : { contextWindow }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(abilities === undefined ? {} : { abilities }),
    ...(price === undefined ? {} : { price }),
  };
}

/** Kinds of models as Together, Jina and Vercel's gateway name them. */
const NOT_FOR_CHAT: readonly (string | undefined)[] = [
  "embeddings",
  "embedding",
  "rerank",
  "image",
  "video",
  "audio",
  "transcribe",
  "moderation",
];

function chats(entry: JsonObject, id: string, target: WireTarget): boolean {
  if (target.row.chat?.notForChat?.test(id) === true) return false;
  if (NOT_FOR_CHAT.includes(asText(entry["type"]) ?? "")) return false;
  if (asObject(entry["capabilities"])?.["completion_chat"] === false) return false;
  const output = asList(asObject(entry["architecture"])?.["output_modalities"]);
  return output === undefined || output.includes("text");
}

/** OpenRouter; Groq; Mistral; vLLM; llama.cpp. Of the windows that Hugging Face lists the smallest holds wherever it routes to. */
function contextWindowOf(entry: JsonObject): number | undefined {
  const direct = ["context_length", "context_window", "max_context_length", "max_model_len"].map((field) => asCount(entry[field]));
  const windows = liveProviders(entry).flatMap((provider) => asCount(provider["context_length"]) || []);
  return known([...direct, asCount(asObject(entry["meta"])?.["n_ctx"]), windows.length === 0 ? undefined : Math.min(...windows)]);
}

function maxOutputTokensOf(entry: JsonObject): number | undefined {
  const top = asObject(entry["top_provider"]);
  return known([asCount(top?.["max_completion_tokens"]), asCount(entry["max_completion_tokens"]), asCount(entry["max_output_tokens"])]);
}

function known(values: readonly (number | undefined)[]): number | undefined {
  return values.find((value) => value !== undefined && value > 0);
}

function abilitiesOf(entry: JsonObject): ModelAbilities | undefined {
  const capabilities = asObject(entry["capabilities"]);
  const inputs = asList(asObject(entry["architecture"])?.["input_modalities"]);
  const parameters = asList(entry["supported_parameters"]);
  const images = asFlag(capabilities?.["vision"]) ?? inputs?.includes("image");
  const tools = asFlag(capabilities?.["function_calling"]) ?? parameters?.includes("tools");
  const reasoning = asFlag(capabilities?.["reasoning"]) ?? parameters?.includes("reasoning");
  if (images === undefined && tools === undefined && reasoning === undefined) return undefined;
  return {
    ...(images === undefined ? {} : { images }),
    ...(tools === undefined ? {} : { tools }),
    ...(reasoning === undefined ? {} : { reasoning }),
  };
}

function asFlag(value: JsonValue | undefined): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}
