// Chromium's own record of what the page's thread did, in processor time: what else the machine does is not counted.

import type { CDPSession } from "playwright-core";

/** What of Chromium's trace format is read here; `ts` is a time and `tdur` processor time, both in microseconds. */
export interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export async function startTracing(cdp: CDPSession): Promise<void> {
  await cdp.send("Tracing.start", { categories: "toplevel,devtools.timeline,loading,blink.user_timing", transferMode: "ReportEvents" });
}

export async function stopTracing(cdp: CDPSession): Promise<readonly TraceEvent[]> {
  const collected: TraceEvent[] = [];
  // The protocol's types call the events plain objects; this is their documented form.
  cdp.on("Tracing.dataCollected", ({ value }: { value: object[] }) => collected.push(...JSON.parse(JSON.stringify(value))));
  const complete = new Promise<void>((resolve) => cdp.once("Tracing.tracingComplete", () => resolve()));
  await cdp.send("Tracing.end");
  await complete;
  return collected;
}

/** Milliseconds of processor time of the longest task on the page's thread. */
export function longestTask(trace: readonly TraceEvent[]): number {
  const threads = new Set(
    trace.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = trace.filter(({ name, pid, tid }) => name.endsWith("RunTask") && threads.has(`${pid} ${tid}`));
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1_000;
}

export interface FirstPaint {
  /** Processor time of the page's thread, from the beginning of the navigation, in milliseconds. */
  readonly workMs: number;
  /** Wall time, in milliseconds. */
  readonly wallMs: number;
}

/** What the page's thread did until it first painted something. */
export function untilFirstPaint(trace: readonly TraceEvent[]): FirstPaint {
  const paint = trace.find(({ name }) => name === "firstContentfulPaint");
  if (paint === undefined) throw new Error("Nothing was painted.");
  const starts = trace.filter(({ name, pid, ts }) => name === "navigationStart" && pid === paint.pid && ts < paint.ts);
  if (starts.length === 0) throw new Error("No navigation began.");
  const begin = Math.max(...starts.map(({ ts }) => ts));
  const tasks = trace.filter(
    ({ name, pid, tid, ts }) => name.endsWith("RunTask") && pid === paint.pid && tid === paint.tid && ts >= begin && ts < paint.ts,
  );
  return { workMs: tasks.reduce((sum, { tdur = 0 }) => sum + tdur, 0) / 1_000, wallMs: (paint.ts - begin) / 1_000 };
}
