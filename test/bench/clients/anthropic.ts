import Anthropic from "@anthropic-ai/sdk";
import { type BenchClient, KEY, MODEL, PROMPT } from "./client.ts";

export const client: BenchClient = {
  open: ({ baseUrl }) => {
    const anthropic = new Anthropic({ apiKey: KEY, baseURL: baseUrl, maxRetries: 0 });
    return async (onText, signal) => {
      const stream = await anthropic.messages.create(
        { model: MODEL, stream: true, max_tokens: 4096, messages: [{ role: "user", content: PROMPT }] },
        { signal },
      );
      for await (const event of stream) if (event.type === "content_block_delta" && event.delta.type === "text_delta") onText();
    };
  },
};
