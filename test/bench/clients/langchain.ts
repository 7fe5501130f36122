import { ChatOpenAI } from "@langchain/openai";
import { type BenchClient, KEY, MODEL, PROMPT } from "./client.ts";

export const client: BenchClient = {
  open: ({ baseUrl }) => {
    const chat = new ChatOpenAI({ model: MODEL, apiKey: KEY, maxRetries: 0, configuration: { baseURL: baseUrl } });
    return async (onText, signal) => {
      for await (const chunk of await chat.stream(PROMPT, { signal })) if (chunk.content !== "") onText();
    };
  },
};
