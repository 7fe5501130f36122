// The models that are loaded. Loading is one at a time; an idle model makes room when another is asked for: at most two stay
// loaded, one as long as anything answers with it.

import { stat } from "node:fs/promises";
import type { ProviderEvent } from "../../providers/provider.ts";
import type { ModelInMemory } from "../loaded-models.ts";
import { localError } from "../local-error.ts";
import type { ChatPrompts } from "./chat-prompts.ts";
import { loadModel, readVocabulary, type LoadedModel } from "./loaded-model.ts";
import { asLocalError } from "./local-failure.ts";

const KEPT = 2;

interface Shelved {
  readonly file: string;
  readonly loading: Promise<LoadedModel>;
  model?: LoadedModel;
  users: number;
}

export type Progress = (event: ProviderEvent) => void;

export class ModelShelf {
  readonly #changed: (models: readonly ModelInMemory[]) => void;
  /** Least recently used first. */
  readonly #models = new Map<string, Shelved>();
  #queue: Promise<unknown> = Promise.resolve();

  /** `changed` hears of all models in memory whenever one more or one less is. */
  constructor(changed: (models: readonly ModelInMemory[]) => void = () => {}) {
    this.#changed = changed;
  }

  /** Loads the file where needed, and keeps it as long as `work` runs. */
  async use<T>(file: string, progress: Progress, signal: AbortSignal, work: (model: LoadedModel) => Promise<T>): Promise<T> {
    const key = await fileKey(file);
    const shelved = this.#models.get(key) ?? this.#load(file, key, progress);
    this.#models.delete(key);
    this.#models.set(key, shelved);
    shelved.users += 1;
    try {
      if (shelved.model === undefined) progress({ type: "status", phase: "loading-model" });
      const model = await shelved.loading;
      signal.throwIfAborted();
      return await work(model);
    } finally {
      shelved.users -= 1;
    }
  }

  /**
   * With the file's template and vocabulary, those of the model where it is in memory. Otherwise these alone are read, which takes
   * little memory, and forgotten again: no model has to go for it.
   */
  async read<T>(file: string, work: (prompts: ChatPrompts) => T): Promise<T> {
    const shelved = this.#models.get(await fileKey(file));
    if (shelved !== undefined) return work((await shelved.loading).prompts);
    const reading = this.#queue.then(() => readVocabulary(file, work));
    this.#queue = reading.catch(() => {});
    return reading;
  }

  #load(file: string, key: string, progress: Progress): Shelved {
    const loading = this.#queue.then(async () => {
      await this.#makeRoom(KEPT - 1);
      try {
        return await this.#loadOnce(file, progress);
      } catch (error) {
        if (asLocalError(error, "before-headers").providerCode !== "model-too-large" || !(await this.#makeRoom(0))) throw error;
        return this.#loadOnce(file, progress);
      }
    });
    const shelved: Shelved = { file, loading, users: 0 };
    this.#queue = loading.then(
      (model) => {
        shelved.model = model;
        this.#tell();
      },
      () => this.#models.delete(key),
    );
    return shelved;
  }

  #loadOnce(file: string, progress: Progress): Promise<LoadedModel> {
    return loadModel(file, (share) => {
      progress({ type: "status", phase: "loading-model", progress: Math.round(100 * share) / 100 });
    });
  }

  /** Lets idle models go until `count` are left. Whether one was let go. */
  async #makeRoom(count: number): Promise<boolean> {
    let loaded = Array.from(this.#models.values()).filter((shelved) => shelved.model !== undefined).length;
    const before = loaded;
    for (const [key, { model, users }] of this.#models) {
      if (loaded <= count) break;
      if (model === undefined || users > 0) continue;
      this.#models.delete(key);
      loaded -= 1;
      await model.dispose();
      this.#tell();
    }
    return loaded < before;
  }

  #tell(): void {
    const loaded = Array.from(this.#models.values());
    this.#changed(
      loaded.flatMap(({ file, model }) => (model === undefined ? [] : { file, bytes: model.bytes, contextWindow: model.window })),
    );
  }
}

/** A file that was replaced is another model. */
async function fileKey(file: string): Promise<string> {
  try {
    const stats = await stat(file);
    if (stats.isFile()) return `${file}\n${stats.size}\n${stats.mtimeMs}`;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") throw localError("file-not-found", `There is no file ${file}.`);
    if (code === "EACCES") throw localError("file-not-found", `The file ${file} cannot be read: permission was denied.`);
    throw error;
  }
  throw localError("not-a-model", `${file} is a folder. Name a GGUF file in it.`);
}
