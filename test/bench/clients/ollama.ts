import { Ollama } from "ollama";
import { type BenchClient, MODEL, PROMPT } from "./client.ts";

export const client: BenchClient = {
  open: ({ baseUrl }) => {
    const ollama = new Ollama({ host: baseUrl });
    return async (onText, signal) => {
      const stream = await ollama.chat({ model: MODEL, stream: true, messages: [{ role: "user", content: PROMPT }] });
      const abort = (): void => stream.abort();
      signal.addEventListener("abort", abort, { once: true });
      for await (const { message } of stream) if (message.content !== "") onText();
      signal.removeEventListener("abort", abort);
    };
  },
};
