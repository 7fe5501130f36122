// The second benchmark: the same streams through the built sidecar and over its pipe to a client process. Every token is counted
// where it arrives: a job fails where one is missing.

import { HEAP_FLAGS } from "../../../extension/client/sidecar-environment.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONTESTANTS, PARLEY } from "../contestants.ts";
import { median } from "../median.ts";
import type { Prepared } from "../prepare.ts";
import type { HopFigures } from "../results.ts";
import { runJob } from "../run-job.ts";
import type { ServerProcess } from "../server/server-process.ts";
import type { HopFloodResult, HopStallJob, HopStallResult } from "./hop-jobs.ts";

export interface HopPlan {
  readonly rounds: number;
  readonly streams: number;
  /** Of each stream. All together stay below what the sidecar holds of ended answers, so that none is gone before it is read. */
  readonly pieces: number;
  readonly requests: number;
  readonly stallSeconds: number;
  readonly profiles: string | undefined;
}

export class HopBench {
  readonly #plan: HopPlan;
  readonly #prepared: Prepared;
  readonly #server: ServerProcess;
  readonly #log: (line: string) => void;

  constructor(plan: HopPlan, prepared: Prepared, server: ServerProcess, log: (line: string) => void) {
    this.#plan = plan;
    this.#prepared = prepared;
    this.#server = server;
    this.#log = log;
  }

  /** Rejects with a `JobFailed`, also where a token was lost. */
  async run(): Promise<HopFigures> {
    const { rounds, stallSeconds } = this.#plan;
    const floods: HopFloodResult[] = [];
    const overLibrary: number[] = [];
    const onDiskOverLibrary: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      floods.push(await this.#flood());
      const library = await this.#libraryFirstToken();
      overLibrary.push((await this.#firstToken(null)) - library);
      onDiskOverLibrary.push((await this.#firstTokenOnDisk()) - library);
      this.#log(`round ${round + 1} of ${rounds}, through the pipe`);
    }
    const none = await this.#stall("none");
    const reader = await this.#stall("reader");
    const pipe = await this.#stall("pipe");
    this.#log(`readers that stall for ${stallSeconds} s`);
    return {
      tokensPerSecond: median(floods.map((flood) => flood.tokensPerSecond)),
      sidecarCpuMsPer1000: median(floods.map((flood) => flood.sidecarCpuMsPer1000)),
      clientCpuMsPer1000: median(floods.map((flood) => flood.clientCpuMsPer1000)),
      firstTokenOverLibraryMs: median(overLibrary),
      firstTokenOnDiskOverLibraryMs: median(onDiskOverLibrary),
      stallSeconds,
      noStallGrownMb: none.grownMb,
      readerStallGrownMb: reader.grownMb,
      pipeStallGrownMb: pipe.grownMb,
      otherReaderPart: reader.otherPart,
    };
  }

  async #flood(): Promise<HopFloodResult> {
    const { streams, pieces } = this.#plan;
    return runJob(this.#client, { figure: "hop-flood", ...this.#sidecar("flood"), streams, pieces });
  }

  async #firstToken(storeFolder: string | null): Promise<number> {
    const { requests } = this.#plan;
    return (await runJob(this.#client, { figure: "hop-first-token", ...this.#sidecar("first-token"), requests, storeFolder })).firstTokenMs;
  }

  async #firstTokenOnDisk(): Promise<number> {
    const folder = mkdtempSync(join(tmpdir(), "parley-bench-"));
    try {
      return await this.#firstToken(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** In the same round, since only the difference says something. */
  async #libraryFirstToken(): Promise<number> {
    const parley = CONTESTANTS.find(({ id }) => id === PARLEY);
    if (parley === undefined) throw new Error("Parley is not among those who are measured.");
    const { module, wire, readsText } = parley;
    const process = { file: this.#prepared.measure, environment: { PARLEY_BENCH_LIBRARY: this.#prepared.library } };
    const job = { figure: "first-token", module, wire, readsText, origin: this.#server.origin, requests: this.#plan.requests } as const;
    return (await runJob(process, job)).firstTokenMs;
  }

  async #stall(what: HopStallJob["what"]): Promise<HopStallResult> {
    return runJob(this.#client, { figure: "hop-stall", ...this.#sidecar(`stall-${what}`), what, seconds: this.#plan.stallSeconds });
  }

  get #client(): { readonly file: string } {
    return { file: this.#prepared.hopClient };
  }

  #sidecar(figure: string): { readonly sidecar: string; readonly sidecarFlags: readonly string[]; readonly origin: string } {
    const { profiles } = this.#plan;
    const profiling =
      profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profiles}`, `--cpu-prof-name=sidecar-${figure}.cpuprofile`];
    return { sidecar: this.#prepared.sidecar, sidecarFlags: [...HEAP_FLAGS, ...profiling], origin: this.#server.origin };
  }
}
