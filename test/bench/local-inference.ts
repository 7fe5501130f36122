// What an answer of a local model costs through the engine and the inference process, beside a bare loop over node-llama-cpp's
// `evaluate` with the same file, threads, prompt and sampling. Both are loaded at once and take turns; the ratios are medians of
// the rounds' own. Prints; asserts nothing.
// `node test/bench/local-inference.ts [--rounds N] [--tokens N] [--model demo|larger] [--sessions N] [--json FILE]`, after a build.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createLlm } from "../../sidecar/library.ts";
import { demoModel } from "../../sidecar/local/demo/demo-model.ts";
import { encodeEchoModel } from "../../sidecar/local/demo/echo-model.ts";
import type { GenerationParameters } from "../../sidecar/types.ts";
import { processTree } from "../support/process-tree.ts";
import type { BareResult, BareRun } from "./bare-inference.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    tokens: { type: "string", default: "256" },
    model: { type: "string" },
    sessions: { type: "string", default: "3" },
    json: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const sessions = Number(values.sessions);

/** Makes the demo say the alphabet until it is stopped. */
const PROMPT = "^#";
const SAMPLING = { temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05 } as const;
const PARAMETERS: GenerationParameters = {
  temperature: SAMPLING.temperature,
  topP: SAMPLING.topP,
  providerOptions: { local: { topK: SAMPLING.topK, minP: SAMPLING.minP } },
};
/** `larger` has about 50 million weights: a token takes it as long as it takes a small real model. */
const MODELS: { readonly [name: string]: { readonly layers: number; readonly units: number } } = {
  demo: { layers: 0, units: 0 },
  larger: { layers: 10, units: 4096 },
};
interface Measured extends BareResult {
  /** Of the process that infers. NaN where the system does not tell. */
  readonly cpuMs: number;
}

/** Runs so many answers at once, of so many tokens each. */
interface Contestant {
  measure(tokens: number): Promise<Measured>;
}

/** Milliseconds that all threads of the process have run. */
function cpuOf(pid: number | undefined): number {
  if (process.platform !== "linux" || pid === undefined) return Number.NaN;
  const threads = readdirSync(`/proc/${pid}/task`);
  // The first number is the time on a processor, in nanoseconds.
  return threads.reduce((sum, thread) => sum + Number.parseInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8"), 10), 0) / 1e6;
}

async function withCpu(pid: () => number | undefined, run: () => Promise<BareResult>): Promise<Measured> {
  const before = cpuOf(pid());
  const result = await run();
  return { ...result, cpuMs: cpuOf(pid()) - before };
}

async function startBare(file: string, sequences: number): Promise<{ readonly child: ChildProcess; readonly bare: Contestant }> {
  const child = fork(fileURLToPath(new URL("bare-inference.ts", import.meta.url)), [file, String(sequences)]);
  await once(child, "message");
  const measure = async (tokens: number): Promise<Measured> =>
    withCpu(
      () => child.pid,
      async () => {
        const run: BareRun = { prompt: PROMPT, tokens, sampling: SAMPLING };
        child.send(run);
        const [result]: BareResult[] = await once(child, "message");
        if (result === undefined) throw new Error("The bare loop gave no result.");
        return result;
      },
    );
  return { child, bare: { measure } };
}

function inferencePid(): number | undefined {
  const isOurs = (line: readonly string[]): boolean => line.some((part) => part.endsWith("inference-process.ts"));
  return processTree(process.pid).find(({ commandLine }) => isOurs(commandLine))?.pid;
}

function ours(file: string, answers: number): Contestant {
  const llm = createLlm("local", { model: file, concurrency: answers });
  let first = 0;
  let last = 0;
  const answer = async (tokens: number): Promise<number> => {
    let written = 0;
    for await (const batch of llm.streamBatches(PROMPT, { ...PARAMETERS, maxOutputTokens: tokens })) {
      for (const event of batch) {
        if (event.type === "text-delta") first ||= performance.now();
        if (event.type === "usage") written = event.outputTokens;
        if (event.type === "end" && event.error !== undefined) throw new Error(event.error.message);
      }
      if (batch.some(({ type }) => type === "text-delta")) last = performance.now();
    }
    return written;
  };
  return {
    measure: async (tokens) =>
      withCpu(inferencePid, async () => {
        first = 0;
        const counts = await Promise.all(Array.from({ length: answers }, async () => answer(tokens)));
        return { tokens: counts.reduce((sum, count) => sum + count, 0), wallMs: last - first };
      }),
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? Number.NaN;
}

const speed = ({ tokens, wallMs }: Measured): number => ((tokens - 1) / wallMs) * 1000;
const cost = ({ tokens, cpuMs }: Measured): number => cpuMs / tokens;

async function compare(file: string, answers: number, tokens: number): Promise<Record<string, number>> {
  const { child, bare } = await startBare(file, answers);
  const through = ours(file, answers);
  const pairs: { readonly bare: Measured; readonly ours: Measured }[] = [];
  for (let round = -1; round < rounds; round += 1) {
    // Who comes first alternates: whoever else uses the machine is no more in one's way than in the other's.
    const early = round % 2 === 0 ? await through.measure(tokens) : undefined;
    const beside = await bare.measure(tokens);
    const pair = { bare: beside, ours: early ?? (await through.measure(tokens)) };
    if (pair.ours.tokens !== pair.bare.tokens) throw new Error(`${pair.ours.tokens} tokens beside ${pair.bare.tokens}.`);
    if (round >= 0) pairs.push(pair);
  }
  child.disconnect();
  const of = (figure: (pair: (typeof pairs)[number]) => number): number => Number(median(pairs.map(figure)).toFixed(3));
  const best = (side: (pair: (typeof pairs)[number]) => Measured): number => Math.max(...pairs.map((pair) => speed(side(pair))));
  return {
    answers,
    "bare tokens/s": Math.round(of((pair) => speed(pair.bare))),
    "ours tokens/s": Math.round(of((pair) => speed(pair.ours))),
    ratio: of((pair) => speed(pair.ours) / speed(pair.bare)),
    // What else runs on the machine can only slow a round down.
    "ratio of the best": Number((best((pair) => pair.ours) / best((pair) => pair.bare)).toFixed(3)),
    "bare CPU ms/token": of((pair) => cost(pair.bare)),
    "ours CPU ms/token": of((pair) => cost(pair.ours)),
    "CPU ratio": of((pair) => cost(pair.bare) / cost(pair.ours)),
  };
}

const folder = mkdtempSync(join(tmpdir(), "parley-bench-"));
const table: Record<string, Record<string, number>> = {};
try {
  for (const [name, idle] of Object.entries(MODELS)) {
    if (values.model !== undefined && values.model !== name) continue;
    const file = join(folder, `${name}.gguf`);
    writeFileSync(file, encodeEchoModel(demoModel(), idle));
    for (const answers of new Set([1, sessions]))
      table[`${name}, ${answers} at once`] = await compare(file, answers, Number(values.tokens));
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${values.tokens} tokens an answer, medians of ${rounds} rounds:`);
console.table(table);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(table, undefined, 2));
