// `npm run bench`: what reading answers costs, Parley's library beside other clients, and what the way through the sidecar adds.
// Prints tables and writes them as JSON; asserts nothing. docs/performance.md says what each figure means.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type as systemType } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { SetupError } from "../../bootstrap.mjs";
import { inClone } from "../rig/places.ts";
import { CONTESTANTS, FLOOR } from "./contestants.ts";
import { HopBench } from "./hop/hop.ts";
import { writePaper } from "./paper.ts";
import { benchFolder, prepare, type Prepared } from "./prepare.ts";
import { renderReport } from "./report.ts";
import type { BenchReport } from "./results.ts";
import { JobFailed } from "./run-job.ts";
import { ServerProcess } from "./server/server-process.ts";
import { STREAMING_FIGURES, StreamingBench } from "./streaming.ts";

const USAGE = `Usage: npm run bench -- [options]
  --quick          one short round, 100 streams at once at most
  --only NAMES     clients and figures, separated by commas: ${[...CONTESTANTS.map(({ id }) => id), ...STREAMING_FIGURES, "hop"].join(", ")}
  --rounds N       default 5
  --stall SECONDS  how long a reader stalls; default 10
  --json FILE      where the results go; default .cache/bench/results.json
  --write          puts the figures into docs/performance.md; only of a whole run
  --profile        processor profiles of Parley, in .cache/bench/profiles (they cost time: no figures to keep)
  --no-build       measures Parley as it was built last`;

interface Options {
  readonly quick: boolean;
  readonly only: readonly string[];
  readonly rounds: number;
  readonly stall: number;
  readonly json: string;
  readonly write: boolean;
  readonly profiles: string | undefined;
  readonly build: boolean;
}

function readOptions(): Options {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      rounds: { type: "string" },
      stall: { type: "string", default: "10" },
      json: { type: "string", default: inClone(".cache/bench/results.json") },
      write: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      build: { type: "boolean", default: true },
    },
  });
  const options: Options = {
    ...values,
    only: values.only?.split(",").map((word) => word.trim()) ?? [],
    rounds: wholeNumber("--rounds", values.rounds ?? (values.quick ? "1" : "5")),
    stall: wholeNumber("--stall", values.stall),
    profiles: values.profile ? inClone(".cache/bench/profiles") : undefined,
  };
  const known = [...CONTESTANTS.map(({ id }) => id), ...STREAMING_FIGURES, "hop"];
  const unknown = options.only.filter((word) => !known.includes(word));
  if (unknown.length > 0) throw new SetupError(`--only does not know ${unknown.join(", ")}.\n${USAGE}`);
  if (options.write && (options.quick || options.only.length > 0 || values.profile)) {
    throw new SetupError("--write wants a whole run: leave --quick, --only and --profile out.");
  }
  return options;
}

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new SetupError(`${option} wants a whole number, 1 or more; it is "${text}".\n${USAGE}`);
  return Number(text);
}

async function streaming(options: Options, prepared: Prepared, server: ServerProcess): Promise<Pick<BenchReport, "clients" | "failures">> {
  const { only, quick, rounds, profiles } = options;
  const named = CONTESTANTS.filter(({ id }) => only.includes(id));
  const figures = STREAMING_FIGURES.filter((figure) => only.includes(figure));
  if (only.length > 0 && named.length === 0 && figures.length === 0) return { clients: [], failures: [] };
  const bench = new StreamingBench(
    {
      // The first token is told over the floor's.
      contestants: CONTESTANTS.filter((one) => named.length === 0 || named.includes(one) || one.id === FLOOR),
      figures: figures.length === 0 ? STREAMING_FIGURES : figures,
      rounds,
      floodMs: quick ? 300 : 1000,
      atOnce: quick ? [100] : [100, 500, 1000],
      cancelled: 500,
      requests: quick ? 100 : 300,
      profiles,
    },
    prepared,
    server,
    log,
  );
  const clients = await bench.run();
  return { clients, failures: [...bench.failures] };
}

async function throughPipe(options: Options, prepared: Prepared, server: ServerProcess): Promise<Partial<BenchReport>> {
  const { only, quick, rounds, stall, profiles } = options;
  if (only.length > 0 && !only.includes("hop")) return {};
  const plan = { rounds, streams: 64, pieces: quick ? 1024 : 4096, requests: quick ? 100 : 300, stallSeconds: stall, profiles };
  return { hop: await new HopBench(plan, prepared, server, log).run() };
}

function log(line: string): void {
  console.error(`  ${line}`);
}

function provenance(rounds: number): Pick<BenchReport, "date" | "machine" | "load" | "versions" | "rounds"> {
  const { version: parley }: { readonly version: string } = JSON.parse(readFileSync(inClone("package.json"), "utf8"));
  const { dependencies }: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(join(benchFolder, "package.json"), "utf8"),
  );
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: cpus()[0]?.model.trim() ?? "unknown processor",
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 2 ** 30),
      system: `${systemType()} ${release()} ${process.arch}`,
      node: process.versions.node,
    },
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
    versions: { parley, ...dependencies },
    rounds,
  };
}

async function main(): Promise<void> {
  const options = readOptions();
  const measuredOn = provenance(options.rounds);
  const prepared = await prepare(options.build);
  const server = await ServerProcess.start();
  try {
    const { clients, failures } = await streaming(options, prepared, server);
    const hop = await throughPipe(options, prepared, server).catch((error: unknown): Partial<BenchReport> => {
      if (!(error instanceof JobFailed)) throw error;
      return { failures: [`through the pipe: ${error.message}`] };
    });
    const report: BenchReport = {
      ...measuredOn,
      clients,
      ...hop,
      failures: [...failures, ...(hop.failures ?? [])],
    };
    mkdirSync(dirname(options.json), { recursive: true });
    writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
    console.log(renderReport(report));
    if (report.failures.length > 0) throw new SetupError("Not everything could be measured: see above. No paper was written.");
    if (options.write) writePaper(report);
  } finally {
    await server.stop();
  }
}

try {
  await main();
} catch (error) {
  const misspelt = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  if (misspelt) console.error(`${error.message}\n${USAGE}`);
  else console.error(error instanceof SetupError ? `\nparley: ${error.message}` : error);
  process.exitCode = 1;
}
