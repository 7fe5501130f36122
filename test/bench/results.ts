// What a run of the benchmark found: kept as JSON, printed as tables.

export interface ConcurrentFigures {
  /** Of the time that the server takes to send the streams. */
  readonly wallOverIdeal: number;
  readonly cpuS: number;
  readonly rssMb: number;
}

/** Medians of the rounds. What was not measured is absent. */
export interface ClientFigures {
  readonly id: string;
  readonly name: string;
  readonly chunksPerSecond?: number;
  readonly cpuMsPer1000?: number;
  readonly firstTokenOverFloorMs?: number;
  /** By the number of streams. */
  readonly concurrent: Readonly<Record<string, ConcurrentFigures>>;
  readonly cancelMs?: number;
  /** Pieces of text that came after the abort. */
  readonly cancelLate?: number;
  readonly importMs?: number;
  readonly installedMb?: number;
}

export interface HopFigures {
  readonly tokensPerSecond: number;
  readonly sidecarCpuMsPer1000: number;
  readonly clientCpuMsPer1000: number;
  /** Over the library's own. */
  readonly firstTokenOverLibraryMs: number;
  /** The same with conversations on a disk: the question is committed first. */
  readonly firstTokenOnDiskOverLibraryMs: number;
  readonly stallSeconds: number;
  /** By how much the sidecar grows while nobody stalls, in the same time. */
  readonly noStallGrownMb: number;
  readonly readerStallGrownMb: number;
  readonly pipeStallGrownMb: number;
  /** Of the tokens sent to the other reader while one stalled. */
  readonly otherReaderPart: number;
}

export interface BenchReport {
  readonly date: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGb: number;
    readonly system: string;
    readonly node: string;
  };
  /** The system's load average of the last minute, before the run: how much else the machine did. */
  readonly load: number;
  /** By package. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly clients: readonly ClientFigures[];
  readonly hop?: HopFigures;
  /** What could not be measured, and why. */
  readonly failures: readonly string[];
}
