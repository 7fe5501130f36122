import OpenAI from "openai";
import { type BenchClient, KEY, MODEL, PROMPT } from "./client.ts";

export const client: BenchClient = {
  open: ({ baseUrl }) => {
    const openai = new OpenAI({ apiKey: KEY, baseURL: baseUrl, maxRetries: 0 });
    return async (onText, signal) => {
      const stream = await openai.chat.completions.create(
        { model: MODEL, stream: true, messages: [{ role: "user", content: PROMPT }] },
        { signal },
      );
      for await (const chunk of stream) if ((chunk.choices[0]?.delta.content ?? "") !== "") onText();
    };
  },
};
