// What is looked at before native code sees a file: some faults of a file end the whole process there instead of being reported.

import type { LlamaRuntime } from "./llama-runtime.ts";
import { localError } from "../local-error.ts";
import { checkExtent } from "./gguf-extent.ts";

export async function checkModelFile({ library }: LlamaRuntime, file: string): Promise<void> {
  checkExtent(file);
  const info = await library.readGgufFileInfo(file).catch((error: unknown) => {
    const words = error instanceof Error ? error.message : String(error);
    throw localError("not-a-model", `${file} is no GGUF file that can be read: ${words}`, "before-headers", error);
  });
  const { tokenizer } = info.metadata;
  const tokens: readonly unknown[] = tokenizer?.ggml.tokens ?? [];
  if (tokens.length === 0) {
    throw localError("not-a-model", `${file} has no vocabulary: it may be one part of several, an adapter, or a model for images.`);
  }
  // llama.cpp ends the process by an assertion where two entries have the same text.
  if (new Set(tokens).size !== tokens.length) throw localError("not-a-model", `${file} is damaged: entries of its vocabulary occur twice.`);
}
