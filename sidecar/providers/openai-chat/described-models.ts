// What some servers tell of their models at an address of their own, because the list in OpenAI's shape has no place for it.

import type { JsonObject, JsonValue, ModelAbilities, ModelInfo } from "../../types.ts";
import { asCount, asList, asObject, asText } from "../json-fields.ts";
import type { ChatQuirks } from "../registry.ts";
import type { AskServer, ServerQuestion } from "../server-questions.ts";

/** What is told of one model. */
type Told = Pick<ModelInfo, "contextWindow" | "maxOutputTokens" | "abilities">;

const KEEP_MS = 5000;
const props: ServerQuestion = { method: "GET", path: "../props", keepMs: KEEP_MS };

export async function describeChatModels(
  models: readonly ModelInfo[],
  way: ChatQuirks["describes"],
  ask: AskServer,
): Promise<readonly ModelInfo[]> {
  if (way === undefined || models.length === 0) return models;
  if (way === "llama-server") return describedByProps(models, await ask(props));
  const told = way === "lmstudio" ? await askLmStudio(ask) : await askGemini(ask);
  return models.map((model) => withTold(model, told.get(model.model)));
}

/**
 * llama.cpp's server runs one model, and says with how much context for each of its slots
 * (https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md). As a router of several it says nothing of them.
 */
function describedByProps(models: readonly ModelInfo[], json: JsonValue | undefined): readonly ModelInfo[] {
  const props = asObject(json);
  const [model, ...others] = models;
  if (props === undefined || model === undefined || others.length > 0) return models;
  const window = known(asObject(props["default_generation_settings"])?.["n_ctx"]);
  const images = asObject(props["modalities"])?.["vision"];
  const tools = asObject(props["chat_template_caps"])?.["supports_tools"];
  const abilities = { ...(typeof images === "boolean" ? { images } : {}), ...(typeof tools === "boolean" ? { tools } : {}) };
  return [withTold(model, told(window, undefined, abilities))];
}

/** Version 0.4 and later, else the interface before that (https://lmstudio.ai/docs/developer/rest). */
async function askLmStudio(ask: AskServer): Promise<ReadonlyMap<string, Told>> {
  const models = new Map<string, Told>();
  const newer = asList(asObject(await ask({ method: "GET", path: "../api/v1/models", keepMs: KEEP_MS }))?.["models"]);
  for (const entry of objects(newer)) {
    const capabilities = asObject(entry["capabilities"]);
    const instances = objects(asList(entry["loaded_instances"]));
    const loaded = instances.map((instance) => known(asObject(instance["config"])?.["context_length"])).find((size) => size !== undefined);
    const images = capabilities?.["vision"];
    const tools = capabilities?.["trained_for_tool_use"];
    const abilities = { ...(typeof images === "boolean" ? { images } : {}), ...(typeof tools === "boolean" ? { tools } : {}) };
    const facts = told(loaded ?? known(entry["max_context_length"]), undefined, abilities);
    for (const name of [asText(entry["key"]), ...instances.map(({ id }) => asText(id))]) if (name !== undefined) models.set(name, facts);
  }
  if (newer !== undefined) return models;
  for (const entry of objects(asList(asObject(await ask({ method: "GET", path: "../api/v0/models", keepMs: KEEP_MS }))?.["data"]))) {
    const capabilities = asList(entry["capabilities"]);
    const abilities = {
      images: entry["type"] === "vlm",
      ...(capabilities === undefined ? {} : { tools: capabilities.includes("tool_use") }),
    };
    models.set(
      asText(entry["id"]) ?? "",
      told(known(entry["loaded_context_length"]) ?? known(entry["max_context_length"]), undefined, abilities),
    );
  }
  return models;
}

/** Google's own list, which wants the key in a header of its own (https://ai.google.dev/api/models). */
async function askGemini(ask: AskServer): Promise<ReadonlyMap<string, Told>> {
  const path = "../models?pageSize=1000";
  const list = asList(asObject(await ask({ method: "GET", path, keyHeader: "x-goog-api-key", keepMs: KEEP_MS }))?.["models"]);
  const models = new Map<string, Told>();
  for (const entry of objects(list)) {
    const thinking = entry["thinking"];
    const abilities = typeof thinking === "boolean" ? { reasoning: thinking } : {};
    const name = (asText(entry["name"]) ?? "").replace(/^models\//u, "");
    models.set(name, told(known(entry["inputTokenLimit"]), known(entry["outputTokenLimit"]), abilities));
  }
  return models;
}

/** Four times what llama.cpp has at most (`LLAMA_MAX_SEQ` in its `src/llama-cparams.h`), since some build it with more. */
const MOST_SLOTS = 1024;

/**
 * llama.cpp's server answers as many requests at once as it has slots, and queues all others without a word. While it loads its
 * model it tells nothing (503), so whoever asks again is not to hear of that.
 */
export async function readPlaces(way: ChatQuirks["describes"], ask: AskServer): Promise<number | undefined> {
  if (way !== "llama-server") return undefined;
  const slots = known(asObject(await ask({ ...props, keepNothingMs: 0 }))?.["total_slots"]);
  return slots === undefined || slots > MOST_SLOTS ? undefined : slots;
}

function told(contextWindow: number | undefined, maxOutputTokens: number | undefined, abilities: ModelAbilities): Told {
  return {
    ...(contextWindow === undefined ? {} : { contextWindow }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(Object.keys(abilities).length === 0 ? {} : { abilities }),
  };
}

function withTold(model: ModelInfo, facts: Told | undefined): ModelInfo {
  if (facts === undefined) return model;
  const abilities = { ...model.abilities, ...facts.abilities };
  return { ...model, ...facts, ...(Object.keys(abilities).length === 0 ? {} : { abilities }) };
}

function objects(list: readonly JsonValue[] | undefined): readonly JsonObject[] {
  return (list ?? []).map((value) => asObject(value)).filter((value) => value !== undefined);
}

function known(value: JsonValue | undefined): number | undefined {
  const count = asCount(value);
  return count === undefined || count === 0 ? undefined : count;
}
