// What Parley sets itself, beside what was measured. Nothing fails for a target that is missed: it is printed.

import { BY_HAND, PARLEY } from "./contestants.ts";
import type { BenchReport, ClientFigures, HopFigures } from "./results.ts";

export interface TargetLine {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  readonly met: boolean;
}

interface Limit {
  readonly what: string;
  readonly value: number | undefined;
  readonly limit: number;
  readonly unit: string;
  readonly digits: number;
  /** Default: at most. */
  readonly atLeast?: boolean;
}

/** Of what was measured. */
export function targetLines({ clients, hop }: BenchReport): readonly TargetLine[] {
  const parley = clients.find(({ id }) => id === PARLEY);
  const byHand = clients.find(({ id }) => id === BY_HAND);
  const limits = [
    ...(parley === undefined ? [] : libraryLimits(parley)),
    ...(parley === undefined || byHand === undefined ? [] : sharesOf(byHand, parley)),
    ...(hop === undefined ? [] : hopLimits(hop)),
  ];
  return limits.flatMap(({ what, value, limit, unit, digits, atLeast = false }) => {
    if (value === undefined || Number.isNaN(value)) return [];
    const words = (amount: number): string => `${amount.toLocaleString("en", { maximumFractionDigits: digits })}${unit}`;
    const met = atLeast ? value >= limit : value <= limit;
    return [{ what, target: `${atLeast ? "≥" : "≤"} ${words(limit)}`, measured: words(value), met }];
  });
}

function libraryLimits({ cpuMsPer1000, firstTokenOverFloorMs, concurrent, cancelMs, cancelLate }: ClientFigures): readonly Limit[] {
  const thousand = concurrent["1000"];
  return [
    { what: "processor time for 1,000 chunks, socket to event, chat completions", value: cpuMsPer1000, limit: 2, unit: " ms", digits: 2 },
    { what: "first token over raw TCP", value: firstTokenOverFloorMs, limit: 0.3, unit: " ms", digits: 2 },
    { what: "1,000 streams: time over the ideal", value: thousand?.wallOverIdeal, limit: 1.08, unit: "", digits: 3 },
    { what: "1,000 streams: processor time", value: thousand?.cpuS, limit: 3.5, unit: " s", digits: 2 },
    { what: "1,000 streams: resident memory", value: thousand?.rssMb, limit: 150, unit: " MB", digits: 0 },
    { what: "500 streams cancelled: until the server sees no socket", value: cancelMs, limit: 250, unit: " ms", digits: 0 },
    { what: "500 streams cancelled: pieces that come afterwards", value: cancelLate, limit: 0, unit: "", digits: 0 },
  ];
}

/** What undici with a parser written by hand took on the machine that the targets come from. */
const REFERENCE = { firstTokenMs: 0.15, wallOverIdeal: 4307 / 4060, cpuS: 3.3, rssMb: 139 };

/** The targets that depend on the machine, as multiples of what the same thing takes in the same run. */
function sharesOf(byHand: ClientFigures, parley: ClientFigures): readonly Limit[] {
  const [theirs, ours] = [byHand.concurrent["1000"], parley.concurrent["1000"]];
  const share = (what: string, mine: number | undefined, other: number | undefined, limit: number): Limit => ({
    what: `${what}, beside undici with a parser`,
    value: mine === undefined || other === undefined ? undefined : mine / other,
    limit,
    unit: " times",
    digits: 2,
  });
  return [
    share("first token over raw TCP", parley.firstTokenOverFloorMs, byHand.firstTokenOverFloorMs, 0.3 / REFERENCE.firstTokenMs),
    share("1,000 streams: time over the ideal", ours?.wallOverIdeal, theirs?.wallOverIdeal, 1.08 / REFERENCE.wallOverIdeal),
    share("1,000 streams: processor time", ours?.cpuS, theirs?.cpuS, 3.5 / REFERENCE.cpuS),
    share("1,000 streams: resident memory", ours?.rssMb, theirs?.rssMb, 150 / REFERENCE.rssMb),
  ];
}

function hopLimits(hop: HopFigures): readonly Limit[] {
  const chain = hop.sidecarCpuMsPer1000 + hop.clientCpuMsPer1000;
  const stall = `${hop.stallSeconds} s at 5,000 tokens/s`;
  return [
    {
      what: "through the pipe: tokens a second, none lost",
      value: hop.tokensPerSecond,
      limit: 100_000,
      unit: "",
      digits: 0,
      atLeast: true,
    },
    { what: "through the pipe: processor time of both sides for 1,000 tokens", value: chain, limit: 10, unit: " ms", digits: 2 },
    {
      what: "through the pipe, conversations in memory: first token over the library's",
      value: hop.firstTokenOverLibraryMs,
      limit: 1,
      unit: " ms",
      digits: 2,
    },
    { what: `a reader that stalls for ${stall}: the sidecar grows by`, value: hop.readerStallGrownMb, limit: 100, unit: " MB", digits: 0 },
    { what: `a pipe that is not read for ${stall}: the sidecar grows by`, value: hop.pipeStallGrownMb, limit: 100, unit: " MB", digits: 0 },
  ];
}
