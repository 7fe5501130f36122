// The results as Markdown tables, for the terminal and for docs/performance.md alike.

import type { BenchReport, ClientFigures, ConcurrentFigures, HopFigures } from "./results.ts";
import { targetLines } from "./targets.ts";

type Row = readonly string[];

const NOTHING = "–";
/** A load average up to which a machine has nothing else to do. */
const QUIET = 0.5;

export function renderReport(report: BenchReport): string {
  const { clients, hop, failures } = report;
  const parts = [provenance(report)];
  if (clients.length > 0) parts.push("### Streaming clients", clientTable(clients));
  if (hop !== undefined) parts.push("### Through the sidecar's pipe", hopTable(hop));
  const targets = targetLines(report).map(({ what, target, measured, met }) => [what, target, measured, met ? "yes" : "**no**"]);
  if (targets.length > 0) parts.push("### Targets", table(["what", "target", "measured", "met"], targets));
  if (failures.length > 0) parts.push("### Not measured", failures.map((failure) => `- ${failure}`).join("\n"));
  return `${parts.join("\n\n")}\n`;
}

function provenance({ date, machine, load, versions, rounds }: BenchReport): string {
  const { cpu, cores, memoryGb, system, node } = machine;
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `Measured on ${date}: ${cpu}, ${cores} cores, ${memoryGb} GB, ${system}, Node ${node}; medians of ${rounds} ${rounds === 1 ? "round" : "rounds"}.`,
    `What else the machine did, as the load average before the run: ${load}${load > QUIET ? ". It was busy: take times and memory with caution, processor time and ratios are sounder" : ""}.`,
    `Versions: ${names.join(", ")}.`,
  ].join("\n");
}

function clientTable(clients: readonly ClientFigures[]): string {
  const sizes = [...new Set(clients.flatMap(({ concurrent }) => Object.keys(concurrent)))].toSorted((a, b) => Number(a) - Number(b));
  const heads = [
    "client",
    "chunks/s",
    "CPU ms per 1,000 chunks",
    "first token over raw TCP, ms",
    ...sizes.map((size) => `${number(Number(size))} streams: wall over ideal / CPU s / RSS MB`),
    "500 cancelled: ms / pieces after",
    "import ms",
    "installed MB",
  ];
  return table(
    heads,
    clients.map((client) => [
      client.name,
      number(client.chunksPerSecond),
      number(client.cpuMsPer1000, 2),
      number(client.firstTokenOverFloorMs, 2),
      ...sizes.map((size) => concurrentCell(client.concurrent[size])),
      client.cancelMs === undefined ? NOTHING : `${number(client.cancelMs)} / ${number(client.cancelLate)}`,
      number(client.importMs),
      number(client.installedMb, 1),
    ]),
  );
}

function concurrentCell(figures: ConcurrentFigures | undefined): string {
  if (figures === undefined) return NOTHING;
  return `${number(figures.wallOverIdeal, 3)} / ${number(figures.cpuS, 2)} / ${number(figures.rssMb)}`;
}

function hopTable(hop: HopFigures): string {
  const stalled = `${hop.stallSeconds} s at 5,000 tokens/s`;
  return table(
    ["figure", "measured"],
    [
      ["tokens/s, none lost", number(hop.tokensPerSecond)],
      ["CPU ms per 1,000 tokens, sidecar / client", `${number(hop.sidecarCpuMsPer1000, 2)} / ${number(hop.clientCpuMsPer1000, 2)}`],
      ["first token over the library's, ms", number(hop.firstTokenOverLibraryMs, 2)],
      ["the same with conversations on a disk, ms", number(hop.firstTokenOnDiskOverLibraryMs, 2)],
      [`an answer of ${stalled}, read at once: the sidecar grows by, MB`, number(hop.noStallGrownMb)],
      [`a reader that acknowledges nothing for ${hop.stallSeconds} s of it: the sidecar grows by, MB`, number(hop.readerStallGrownMb)],
      ["what another reader got meanwhile, of what was sent to it", `${number(hop.otherReaderPart * 100)} %`],
      [`a pipe that is not read for ${hop.stallSeconds} s of it: the sidecar grows by, MB`, number(hop.pipeStallGrownMb)],
    ],
  );
}

function number(value: number | undefined, digits = 0): string {
  if (value === undefined || Number.isNaN(value)) return NOTHING;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function table(heads: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.join(" | ")} |`;
  return [line(heads), `|${"---|".repeat(heads.length)}`, ...rows.map(line)].join("\n");
}
