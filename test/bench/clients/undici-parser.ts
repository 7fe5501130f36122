// undici with eventsource-parser and `JSON.parse`: the least that somebody writes who reads one wire of one provider by hand.

import { createParser } from "eventsource-parser";
import { Agent, request } from "undici";
import { WIRES } from "../server/wires.ts";
import { type BenchClient, KEY, MODEL, PROMPT } from "./client.ts";

interface ChatChunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
}

const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
const question = JSON.stringify({ model: MODEL, stream: true, messages: [{ role: "user", content: PROMPT }] });

export const client: BenchClient = {
  open: ({ baseUrl, wire }) => {
    const url = baseUrl + WIRES[wire].path;
    return async (onText, signal) => {
      const { body } = await request(url, { dispatcher, method: "POST", headers, body: question, signal });
      const decoder = new TextDecoder();
      const parser = createParser({
        onEvent: ({ data }) => {
          if (data === "[DONE]") return;
          const chunk: ChatChunk = JSON.parse(data);
          if ((chunk.choices[0]?.delta.content ?? "") !== "") onText();
        },
      });
      for await (const bytes of body) parser.feed(decoder.decode(bytes, { stream: true }));
    };
  },
};
