// undici's own `request`, its bytes thrown away: what any client over it pays at least.

import { Agent, request } from "undici";
import { WIRES } from "../server/wires.ts";
import type { BenchClient } from "./client.ts";

const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

export const client: BenchClient = {
  open: ({ baseUrl, wire }) => {
    const url = baseUrl + WIRES[wire].path;
    return async (onText, signal) => {
      const { body } = await request(url, { dispatcher, method: "POST", body: "{}", signal });
      for await (const _ of body) onText();
    };
  },
};
