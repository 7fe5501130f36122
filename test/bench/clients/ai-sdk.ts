import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";
import { type BenchClient, KEY, MODEL, PROMPT } from "./client.ts";

export const client: BenchClient = {
  open: ({ baseUrl }) => {
    const model = createOpenAICompatible({ name: "bench", baseURL: baseUrl, apiKey: KEY })(MODEL);
    return async (onText, signal) => {
      let failure: unknown;
      const { textStream } = streamText({
        model,
        prompt: PROMPT,
        maxRetries: 0,
        abortSignal: signal,
        // Failures do not come with the text.
        onError: ({ error }) => void (failure = error),
      });
      for await (const text of textStream) if (text !== "") onText();
      if (failure !== undefined && !signal.aborted) throw failure;
    };
  },
};
