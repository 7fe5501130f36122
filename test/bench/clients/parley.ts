// Parley as a program uses it: the built library, `llm.stream`, each chunk.

import type * as library from "../../../sidecar/library.ts";
import { type Wire, WIRES } from "../server/wires.ts";
import { type BenchClient, KEY, MODEL, PROMPT } from "./client.ts";

const PROVIDERS: Readonly<Record<Wire, string>> = {
  "openai-chat": "openai-compatible",
  "openai-chat-counted": "openai-compatible",
  anthropic: "anthropic",
  ollama: "ollama",
};

const { createLlm }: typeof library = await import(process.env["PARLEY_BENCH_LIBRARY"] ?? "");

export const client: BenchClient = {
  open: ({ baseUrl, wire, atOnce }) => {
    const llm = createLlm(PROVIDERS[wire], {
      model: MODEL,
      baseUrl: `${baseUrl}${WIRES[wire].folder}`,
      apiKey: KEY,
      concurrency: atOnce,
      startConcurrency: atOnce,
    });
    return async (onText, signal) => {
      for await (const { content, event } of llm.stream(PROMPT, { signal })) {
        if (content !== "") onText();
        if (event.type === "end" && event.error !== undefined) throw new Error(event.error.message);
      }
    };
  },
};
