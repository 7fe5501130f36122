// What reading an answer costs, from the provider's socket to the events: ours beside what it stands on, interleaved in one
// run, as medians. `node test/bench/provider-streams.ts [--rounds N] [--streams N]`. Prints; asserts nothing.
// Trust the ratios: absolute figures move with the machine and with what else it does.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { parseArgs } from "node:util";
import { createParser } from "eventsource-parser";
import { Agent, request } from "undici";
import { HttpClient } from "../../sidecar/http/http-client.ts";
import { createHttpProvider } from "../../sidecar/providers/http-provider.ts";
import { providerRow, type ProviderRow } from "../../sidecar/providers/registry.ts";

const { values } = parseArgs({ options: { rounds: { type: "string" }, streams: { type: "string" } } });
const rounds = Number(values.rounds ?? 7);
const streams = Number(values.streams ?? 300);
const CHUNKS = 64 * 1000;

const server = spawn(process.execPath, [new URL("stream-server.ts", import.meta.url).pathname], { stdio: ["pipe", "pipe", "inherit"] });
const [line] = await once(server.stdout, "data");
const origin = `http://127.0.0.1:${String(line).trim()}`;
const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, allowH2: false });
const http = new HttpClient();
const row: ProviderRow = { ...(providerRow("openai-compatible") ?? raise()), chat: {} };

/** Reads one stream of so many chunks and gives the number of pieces of text that came. */
type Reader = (chunks: number, everyMs: number) => Promise<number>;

const path = (chunks: number, everyMs: number): string => `/${chunks}/${everyMs}/chat/completions`;

const readers: { readonly [name: string]: Reader } = {
  "raw TCP": async (chunks, everyMs) => {
    const socket = connect(Number(new URL(origin).port), "127.0.0.1");
    socket.write(`POST ${path(chunks, everyMs)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    let bytes = 0;
    for await (const piece of socket) bytes += Buffer.byteLength(piece);
    return bytes > 0 ? chunks : 0;
  },
  undici: async (chunks, everyMs) => {
    const { body } = await request(origin + path(chunks, everyMs), { dispatcher: agent, method: "POST", body: "{}" });
    let bytes = 0;
    for await (const piece of body) bytes += Buffer.byteLength(piece);
    return bytes > 0 ? chunks : 0;
  },
  "undici + eventsource-parser + JSON": async (chunks, everyMs) => {
    const { body } = await request(origin + path(chunks, everyMs), { dispatcher: agent, method: "POST", body: "{}" });
    let texts = 0;
    const parser = createParser({
      onEvent: ({ data }) => {
        if (data === "[DONE]") return;
        const chunk: { choices: { delta: { content?: string } }[] } = JSON.parse(data);
        if ((chunk.choices[0]?.delta.content ?? "") !== "") texts += 1;
      },
    });
    for await (const piece of body) parser.feed(String(piece));
    return texts;
  },
  "ours, to the event": async (chunks, everyMs) => {
    const provider = createHttpProvider(row, { provider: "bench", baseUrl: `${origin}/${chunks}/${everyMs}`, key: undefined }, http);
    const context = { signal: new AbortController().signal, timeLimits: {} };
    let texts = 0;
    for await (const batch of provider.stream({ model: "m", messages: [], parameters: {} }, context)) {
      for (const event of batch) if (event.type === "text-delta") texts += 1;
    }
    return texts;
  },
};

function raise(): never {
  throw new Error("No such row.");
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? Number.NaN;
}

async function flood(): Promise<void> {
  const results = new Map(Object.keys(readers).map((name) => [name, { cpu: [] as number[], wall: [] as number[] }]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, read] of Object.entries(readers)) {
      const [cpu, wall] = [cpuMs(), performance.now()];
      const count = await read(CHUNKS, 0);
      if (count !== CHUNKS) throw new Error(`${name} read ${count} of ${CHUNKS} chunks.`);
      if (round < 0) continue;
      results.get(name)?.cpu.push(((cpuMs() - cpu) / CHUNKS) * 1000);
      results.get(name)?.wall.push(performance.now() - wall);
    }
  }
  console.log(`One stream of ${CHUNKS} chunks, ${rounds} rounds:`);
  console.table(
    Object.fromEntries(
      [...results].map(([name, { cpu, wall }]) => [
        name,
        { "CPU ms per 1,000 chunks": Number(median(cpu).toFixed(2)), "chunks/s": Math.round(CHUNKS / (median(wall) / 1000)) },
      ]),
    ),
  );
}

async function paced(): Promise<void> {
  const table: Record<string, object> = {};
  for (const [name, read] of Object.entries(readers)) {
    await Promise.all(Array.from({ length: streams }, async () => read(5, 20)));
    const [cpu, wall] = [cpuMs(), performance.now()];
    await Promise.all(Array.from({ length: streams }, async () => read(200, 20)));
    const memory = Math.round(process.memoryUsage.rss() / 1e6);
    table[name] = {
      "wall ms": Math.round(performance.now() - wall),
      "CPU s": Number(((cpuMs() - cpu) / 1000).toFixed(2)),
      "RSS MB": memory,
    };
  }
  console.log(`${streams} streams of 200 chunks at 20 ms (ideal: 4,020 ms):`);
  console.table(table);
}

await flood();
await paced();
await http.close();
await agent.close();
server.stdin.end();
