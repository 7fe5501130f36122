// What has to be known of Claude models before they are asked, and Anthropic's list of them.

import type { JsonObject, JsonValue, ModelInfo } from "../../types.ts";
import { asCount, asList, asObject, asText } from "../json-fields.ts";
import type { ModelList, WireTarget } from "../wire-adapter.ts";

/** A hundred for each version, one for each minor one. */
const NEWEST = 9900;

/** `claude-opus-4-6` is 406, `claude-sonnet-4-20250514` is 400, `claude-3-5-haiku-latest` is 305; a name without a version is new. */
function claudeVersion(model: string): number {
  const found = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/u.exec(model);
  return found === null ? NEWEST : Number(found[1]) * 100 + Number(found[2] ?? "0");
}

/**
 * From 4.6 on a model decides itself how long it thinks (`adaptive`, with an effort); before, it had to be given a budget,
 * which newer models refuse.
 */
export function thinksAdaptively(model: string): boolean {
  return claudeVersion(model) >= 406;
}

/** From 4.5 on, and Opus from 4.1 on, a model is held to a schema (`output_config.format`). */
export function takesSchemas(model: string): boolean {
  const version = claudeVersion(model);
  return version >= 405 || (version === 401 && model.includes("opus"));
}

/** Tokens: the model's own limit, since Anthropic insists on one. Too high a guess is corrected by the refusal it causes. */
export function maxOutputTokensOf(model: string): number {
  const version = claudeVersion(model);
  if (version < 305) return 4096;
  if (version < 307) return 8192;
  return version < 405 && model.includes("opus") ? 32_000 : 64_000;
}

export function readAnthropicModels(json: JsonValue, target: WireTarget): ModelList | undefined {
  const page = asObject(json);
  const list = asList(page?.["data"]);
  if (list === undefined) return undefined;
  const models: ModelInfo[] = [];
  for (const value of list) {
    const entry = asObject(value);
    const id = asText(entry?.["id"]);
    if (entry === undefined || id === undefined || id === "") continue;
    const contextWindow = asCount(entry["max_input_tokens"]);
    const maxOutputTokens = asCount(entry["max_tokens"]);
    models.push({
      ref: `${target.provider}/${id}`,
      provider: target.provider,
      model: id,
      name: asText(entry["display_name"]) ?? id,
      ...(contextWindow === undefined || contextWindow === 0 ? {} : { contextWindow }),
      maxOutputTokens: maxOutputTokens === undefined || maxOutputTokens === 0 ? maxOutputTokensOf(id) : maxOutputTokens,
      ...abilitiesOf(id, asObject(entry["capabilities"]), maxOutputTokens === undefined || maxOutputTokens === 0),
    });
  }
  const last = asText(page?.["last_id"]);
  const more = page?.["has_more"] === true && last !== undefined;
  return { models, ...(more ? { nextPath: `/v1/models?limit=1000&after_id=${encodeURIComponent(last)}` } : {}) };
}

/**
 * Every model since 3 reads images and calls tools; thinking came with 3.7. Where the list says it, that counts, and what it
 * does not say is marked as being what Parley knows itself.
 */
function abilitiesOf(id: string, capabilities: JsonObject | undefined, guessedLimit: boolean): Pick<ModelInfo, "abilities" | "sources"> {
  const version = claudeVersion(id);
  const can = (ability: string): boolean | undefined => {
    const supported = asObject(capabilities?.[ability])?.["supported"];
    return typeof supported === "boolean" ? supported : undefined;
  };
  const images = can("image_input");
  const reasoning = can("thinking");
  return {
    abilities: { images: images ?? version >= 300, tools: version >= 300, reasoning: reasoning ?? version >= 307 },
    sources: {
      tools: "bundled",
      ...(images === undefined ? { images: "bundled" } : {}),
      ...(reasoning === undefined ? { reasoning: "bundled" } : {}),
      ...(guessedLimit ? { maxOutputTokens: "bundled" } : {}),
    },
  };
}
