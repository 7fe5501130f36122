// What Ollama tells of a model beside its list: `/api/show` about the model as it lies on disk, `/api/ps` about what is loaded
// (https://github.com/ollama/ollama/blob/main/docs/api.md).

import type { JsonObject, JsonValue, ModelAbilities, ModelInfo } from "../../types.ts";
import { asCount, asList, asObject, asText } from "../json-fields.ts";
import type { AskServer, ServerQuestion } from "../server-questions.ts";

export interface ShownModel {
  /** Tokens; the most that the model was made for. */
  readonly limit?: number;
  /** Tokens; `num_ctx` as the model's own Modelfile sets it. */
  readonly ownContext?: number;
  readonly abilities?: ModelAbilities;
  /** False for embedding models. */
  readonly chats: boolean;
}

/** Models change when they are pulled or made anew. */
const SHOW_KEEP_MS = 60_000;
/** What is loaded changes with each request of anybody. */
const LOADED_KEEP_MS = 5000;
/** Questions at once, of a server that has better things to do. */
const AT_ONCE = 4;

const loadedQuestion: ServerQuestion = { method: "GET", path: "api/ps", keepMs: LOADED_KEEP_MS };

/** Undefined where Ollama does not say. */
export async function showModel(model: string, ask: AskServer): Promise<ShownModel | undefined> {
  // Older versions know the field as `name` alone, newer ones take both.
  return readShow(await ask({ method: "POST", path: "api/show", body: { model, name: model }, keepMs: SHOW_KEEP_MS }));
}

/** Tokens of context with which the model is loaded now; undefined where it is not loaded. */
export async function loadedContext(model: string, ask: AskServer): Promise<number | undefined> {
  const list = asList(asObject(await ask(loadedQuestion))?.["models"]) ?? [];
  const entry = list
    .map((value) => asObject(value))
    .find((one) => [one?.["model"], one?.["name"]].some((name) => withTag(asText(name) ?? "") === withTag(model)));
  return known(entry?.["context_length"]);
}

/**
 * The list with what `/api/show` knows. Models that cannot chat fall away. A server that says nothing of several models in a
 * row is not asked about the others, and nobody is once the asker wants no more: what has come by then stands.
 */
export async function describeOllamaModels(models: readonly ModelInfo[], ask: AskServer): Promise<readonly ModelInfo[]> {
  const described: ModelInfo[] = [];
  let answers = true;
  const shownOf = async ({ model }: ModelInfo): Promise<ShownModel | undefined> => {
    try {
      return await showModel(model, ask);
    } catch {
      answers = false;
      return undefined;
    }
  };
  for (let from = 0; from < models.length; from += AT_ONCE) {
    const some = models.slice(from, from + AT_ONCE);
    const shown: readonly (ShownModel | undefined)[] = answers ? await Promise.all(some.map(shownOf)) : [];
    answers &&= shown.some((facts) => facts !== undefined);
    for (const [index, model] of some.entries()) {
      const facts = shown[index];
      if (facts?.chats === false) continue;
      described.push({
        ...model,
        ...(facts?.limit === undefined ? {} : { contextWindow: facts.limit }),
        ...(facts?.abilities === undefined ? {} : { abilities: facts.abilities }),
      });
    }
  }
  return described;
}

function readShow(json: JsonValue | undefined): ShownModel | undefined {
  const shown = asObject(json);
  if (shown === undefined) return undefined;
  const limit = contextLimit(asObject(shown["model_info"]) ?? {});
  const ownContext = known(Number(/^\s*num_ctx\s+"?(\d+)/mu.exec(asText(shown["parameters"]) ?? "")?.[1] ?? 0));
  // Absent in versions before 0.6.4.
  const capabilities = asList(shown["capabilities"]);
  const can = (ability: string): boolean => capabilities?.includes(ability) === true;
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(ownContext === undefined ? {} : { ownContext }),
    ...(capabilities === undefined ? {} : { abilities: { images: can("vision"), tools: can("tools"), reasoning: can("thinking") } }),
    chats: capabilities === undefined || can("completion"),
  };
}

/** `llama.context_length`, `qwen3.context_length`: the key begins with the architecture, which the same object names. */
function contextLimit(info: JsonObject): number | undefined {
  const architecture = asText(info["general.architecture"]) ?? "";
  const named = known(info[`${architecture}.context_length`]);
  if (named !== undefined) return named;
  const other = Object.keys(info).find((key) => /^[^.]+\.context_length$/u.test(key));
  return other === undefined ? undefined : known(info[other]);
}

function known(value: JsonValue | undefined): number | undefined {
  const count = asCount(value);
  return count === undefined || count === 0 ? undefined : count;
}

function withTag(model: string): string {
  return (model.slice(model.lastIndexOf("/") + 1).includes(":") ? model : `${model}:latest`).toLowerCase();
}
