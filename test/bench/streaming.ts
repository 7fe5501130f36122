// The first benchmark: every client over the same streams. All take turns within each round, so that whoever else uses the
// machine is in everybody's way alike; what is reported are medians of the rounds.

import { type Contestant, FLOOR } from "./contestants.ts";
import { installedMb } from "./installed-size.ts";
import { median } from "./median.ts";
import { benchFolder, type Prepared } from "./prepare.ts";
import type { ClientFigures, ConcurrentFigures } from "./results.ts";
import { JobFailed, type JobProcess, runJob } from "./run-job.ts";
import { STEP_MS } from "./server/pacer.ts";
import type { ServerProcess } from "./server/server-process.ts";

export type StreamingFigure = "flood" | "first-token" | "concurrent" | "cancel" | "import";
export const STREAMING_FIGURES: readonly StreamingFigure[] = ["flood", "first-token", "concurrent", "cancel", "import"];

export interface StreamingPlan {
  readonly contestants: readonly Contestant[];
  readonly figures: readonly StreamingFigure[];
  readonly rounds: number;
  /** Milliseconds of one measured flood. */
  readonly floodMs: number;
  /** Numbers of streams at once. */
  readonly atOnce: readonly number[];
  readonly cancelled: number;
  readonly requests: number;
  /** Where processor profiles of Parley go; none are made without. */
  readonly profiles: string | undefined;
}

const PIECES = 200;
/** The opening, the pieces, the word that the text is whole, the end: a step each. */
const IDEAL_MS = (PIECES + 3) * STEP_MS;
const QUIET_LIMIT_MS = 10_000;

/** All rounds of one client. */
interface Samples {
  readonly chunksPerSecond: number[];
  readonly cpuMsPer1000: number[];
  readonly firstTokenMs: number[];
  readonly concurrent: Map<number, { readonly wallMs: number[]; readonly cpuMs: number[]; readonly rssMb: number[] }>;
  readonly cancelMs: number[];
  readonly cancelLate: number[];
  readonly importMs: number[];
}

export class StreamingBench {
  readonly #plan: StreamingPlan;
  readonly #prepared: Prepared;
  readonly #server: ServerProcess;
  readonly #log: (line: string) => void;
  readonly #samples = new Map<string, Samples>();
  readonly failures = new Set<string>();

  constructor(plan: StreamingPlan, prepared: Prepared, server: ServerProcess, log: (line: string) => void) {
    this.#plan = plan;
    this.#prepared = prepared;
    this.#server = server;
    this.#log = log;
  }

  async run(): Promise<readonly ClientFigures[]> {
    const { contestants, rounds, figures } = this.#plan;
    for (let round = 0; round < rounds; round += 1) {
      for (const figure of figures) {
        const started = performance.now();
        // Who is first and who is last changes from round to round.
        const turn = round % contestants.length;
        for (const contestant of [...contestants.slice(turn), ...contestants.slice(0, turn)]) await this.#measure(contestant, figure);
        this.#log(`round ${round + 1} of ${rounds}, ${figure}: ${Math.round((performance.now() - started) / 1000)} s`);
      }
    }
    return contestants.map((contestant) => this.#figures(contestant));
  }

  /** Of one round, for whoever compares with it. Milliseconds. */
  firstTokens(id: string): readonly number[] {
    return this.#samples.get(id)?.firstTokenMs ?? [];
  }

  async #measure(contestant: Contestant, figure: StreamingFigure): Promise<void> {
    try {
      await this.#measureOne(contestant, figure);
    } catch (error) {
      if (!(error instanceof JobFailed)) throw error;
      this.failures.add(`${contestant.name}, ${figure}: ${error.message}`);
    }
  }

  async #measureOne(contestant: Contestant, figure: StreamingFigure): Promise<void> {
    const { floodMs, requests, atOnce, cancelled } = this.#plan;
    const process = this.#process(contestant, figure);
    const { module, wire, readsText } = contestant;
    const client = { module, wire, readsText, origin: this.#server.origin };
    const samples = this.#of(contestant);
    switch (figure) {
      case "flood": {
        const { chunksPerSecond, cpuMsPer1000 } = await runJob(process, { figure, ...client, ms: floodMs });
        samples.chunksPerSecond.push(chunksPerSecond);
        samples.cpuMsPer1000.push(cpuMsPer1000);
        return;
      }
      case "first-token":
        samples.firstTokenMs.push((await runJob(process, { figure, ...client, requests })).firstTokenMs);
        return;
      case "concurrent":
        for (const streams of atOnce) {
          const { wallMs, cpuMs, rssMb } = await runJob(process, { figure, ...client, streams, pieces: PIECES });
          const of = samples.concurrent.get(streams) ?? { wallMs: [], cpuMs: [], rssMb: [] };
          samples.concurrent.set(streams, of);
          of.wallMs.push(wallMs);
          of.cpuMs.push(cpuMs);
          of.rssMb.push(rssMb);
        }
        return;
      case "cancel": {
        let closedAt = 0;
        const { abortedAt, late } = await runJob(process, { figure, ...client, streams: cancelled }, async () => {
          const quiet = await this.#server.quiet(QUIET_LIMIT_MS);
          if (quiet.open > 0) throw new JobFailed(`${quiet.open} sockets were still open ${QUIET_LIMIT_MS / 1000} s after the abort`);
          ({ closedAt } = quiet);
        });
        samples.cancelMs.push(Math.max(0, closedAt - abortedAt));
        samples.cancelLate.push(late);
        return;
      }
      case "import":
        if (this.#specifiers(contestant).length === 0) return;
        samples.importMs.push((await runJob(process, { figure, specifiers: this.#specifiers(contestant) })).importMs);
    }
  }

  #process({ id, module, flags = [] }: Contestant, figure: StreamingFigure): JobProcess {
    const { profiles } = this.#plan;
    const profile = profiles !== undefined && module === "parley";
    const profiling = profile ? ["--cpu-prof", `--cpu-prof-dir=${profiles}`, `--cpu-prof-name=${id}-${figure}.cpuprofile`] : [];
    return { file: this.#prepared.measure, flags: [...flags, ...profiling], environment: { PARLEY_BENCH_LIBRARY: this.#prepared.library } };
  }

  #specifiers({ module, packages }: Contestant): readonly string[] {
    return module === "parley" ? [this.#prepared.library] : packages;
  }

  #of({ id }: Contestant): Samples {
    const known = this.#samples.get(id);
    if (known !== undefined) return known;
    const made: Samples = {
      chunksPerSecond: [],
      cpuMsPer1000: [],
      firstTokenMs: [],
      concurrent: new Map(),
      cancelMs: [],
      cancelLate: [],
      importMs: [],
    };
    this.#samples.set(id, made);
    return made;
  }

  #figures(contestant: Contestant): ClientFigures {
    const { id, name, module, packages } = contestant;
    const { chunksPerSecond, cpuMsPer1000, concurrent, cancelMs, cancelLate, importMs } = this.#of(contestant);
    const floor = this.firstTokens(FLOOR);
    const overFloor = this.firstTokens(id).map((ms, round) => ms - (floor[round] ?? Number.NaN));
    const installed =
      module === "parley" ? this.#prepared.libraryMb : packages.length > 0 ? installedMb(benchFolder, packages) : Number.NaN;
    const measured = {
      chunksPerSecond: median(chunksPerSecond),
      cpuMsPer1000: median(cpuMsPer1000),
      firstTokenOverFloorMs: median(overFloor),
      cancelMs: median(cancelMs),
      cancelLate: median(cancelLate),
      importMs: median(importMs),
      installedMb: installed,
    };
    return {
      id,
      name,
      concurrent: Object.fromEntries(
        Array.from(concurrent, ([streams, { wallMs, cpuMs, rssMb }]): [string, ConcurrentFigures] => [
          String(streams),
          { wallOverIdeal: median(wallMs) / IDEAL_MS, cpuS: median(cpuMs) / 1000, rssMb: median(rssMb) },
        ]),
      ),
      ...Object.fromEntries(Object.entries(measured).filter(([, value]) => Number.isFinite(value))),
    };
  }
}
