// Measures the page in a headless Chromium and prints a table: `node test/media/browser/measure.ts`. Figures, no verdicts:
// the targets stand beside them. Work is told in processor time, which does not depend on what else the machine does; what a
// person waits for, in wall time, which does.

import { gzipSync } from "node:zlib";
import type { Browser, CDPSession, Page } from "playwright-core";
import type { StreamEventBody } from "../../../sidecar/types.ts";
import { launchBrowser, newPage } from "../../rig/browser.ts";
import { sampleDocument } from "../markdown/sample-documents.ts";
import { buildPageFiles } from "./bundle.ts";
import { answer, events, post, question, show, waitForPosted } from "./chat-driver.ts";
import { startPageServer } from "./page-server.ts";
import type { PageServer } from "./page-server.ts";

interface Row {
  readonly what: string;
  readonly measured: string;
  readonly target: string;
}

interface Work {
  readonly scriptMs: number;
  readonly layoutMs: number;
}

interface Streaming {
  readonly text: string;
  /** Tokens a frame at most; a token is four characters. */
  readonly perFrame: number;
}

const TOKENS = 20_000;
const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;
const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;

/** About as long as asked for, of the blocks that answers are made of. */
function longAnswer(characters: number): string {
  const code = `\`\`\`ts\n${'export const value = compute(1, "two", [3]); // why\n'.repeat(40)}\`\`\`\n\n`;
  let text = "";
  for (let seed = 0; text.length < characters; seed += 1)
    text += `## Part ${seed}\n\n${sampleDocument(seed, 6).replaceAll("```", "\n```")}\n\n\`\`\`\n\n${code}`;
  return text.slice(0, characters);
}

async function open(browser: Browser, server: PageServer): Promise<{ readonly page: Page; readonly cdp: CDPSession }> {
  const page = await newPage(browser, { viewport: { width: 420, height: 900 } });
  const cdp = await page.context().newCDPSession(page);
  // Processor time of the page's thread: other processes of the machine do not count.
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(server.pageUrl({ theme: "dark-modern" }));
  await waitForPosted(page, "ready");
  return { page, cdp };
}

async function workOf(cdp: CDPSession, action: () => Promise<void>): Promise<Work> {
  const before = await metrics(cdp);
  await action();
  const after = await metrics(cdp);
  const spent = (name: string): number => ((after.get(name) ?? 0) - (before.get(name) ?? 0)) * 1_000;
  return { scriptMs: spent("ScriptDuration"), layoutMs: spent("LayoutDuration") + spent("RecalcStyleDuration") };
}

async function metrics(cdp: CDPSession): Promise<ReadonlyMap<string, number>> {
  const { metrics: all } = await cdp.send("Performance.getMetrics");
  return new Map(all.map(({ name, value }) => [name, value]));
}

async function emptyChat(browser: Browser, server: PageServer): Promise<readonly Row[]> {
  const times: number[] = [];
  const work: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const { page, cdp } = await open(browser, server);
    await post(page, show([]));
    await page.getByText("What would you like to know?").waitFor();
    times.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0));
    work.push(((await metrics(cdp)).get("TaskDuration") ?? 0) * 1_000);
    await page.context().close();
  }
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[2] ?? 0;
  return [
    { what: "first paint of an empty chat, from navigation (wall)", measured: ms(median(times)), target: "100 ms" },
    { what: "the same, all work of its thread", measured: ms(median(work)), target: "-" },
  ];
}

/** Streams an answer as the host does: the next batch when the last was applied, and a frame has passed. */
async function stream(browser: Browser, server: PageServer, what: string, { text, perFrame }: Streaming): Promise<readonly Row[]> {
  const { page, cdp } = await open(browser, server);
  await post(page, show([question("q1", "Why?"), answer("a1", "", { status: "streaming" })]));
  const bodies: StreamEventBody[] = [{ type: "start", provider: "x", model: "y" }];
  for (let at = 0; at < text.length; at += 4) bodies.push({ type: "text-delta", text: text.slice(at, at + 4) });
  bodies.push({
    type: "end",
    status: "complete",
    finishReason: "stop",
    rawFinishReason: null,
    usage: null,
    timings: { firstTokenMs: 1, totalMs: 2 },
  });
  const message = JSON.stringify(events("a1", bodies));
  await page.evaluate(prepareStream, [message, perFrame] as const);
  await startTracing(cdp);
  const started = performance.now();
  const work = await workOf(cdp, async () => {
    await page.evaluate(() => window.dispatchEvent(new Event("begin-stream")));
    await page.waitForFunction(() => document.body.dataset["streamed"] !== undefined, null, { timeout: 300_000, polling: 100 });
    await page.waitForTimeout(500);
  });
  const wall = performance.now() - started;
  const longest = longestTask(await stopTracing(cdp));
  await page.context().close();
  return [
    { what: `${what}: longest task of the main thread`, measured: ms(longest), target: "50 ms" },
    { what: `${what}: scripting + style and layout`, measured: `${ms(work.scriptMs)} + ${ms(work.layoutMs)}`, target: "5,000 ms" },
    { what: `${what}: wall`, measured: ms(wall), target: "-" },
  ];
}

/** What of Chromium's trace format is read here; `tdur` is processor time in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

async function startTracing(cdp: CDPSession): Promise<void> {
  await cdp.send("Tracing.start", { categories: "toplevel,devtools.timeline", transferMode: "ReportEvents" });
}

async function stopTracing(cdp: CDPSession): Promise<readonly TraceEvent[]> {
  const collected: TraceEvent[] = [];
  // The protocol's types call the events plain objects; this is their documented form.
  cdp.on("Tracing.dataCollected", ({ value }: { value: object[] }) => collected.push(...JSON.parse(JSON.stringify(value))));
  const complete = new Promise<void>((resolve) => cdp.once("Tracing.tracingComplete", () => resolve()));
  await cdp.send("Tracing.end");
  await complete;
  return collected;
}

/** Milliseconds of processor time of the longest task on the page's thread. */
function longestTask(trace: readonly TraceEvent[]): number {
  const threads = new Set(
    trace.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = trace.filter(({ name, pid, tid }) => name.endsWith("RunTask") && threads.has(`${pid} ${tid}`));
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1_000;
}

function prepareStream([json, perFrame]: readonly [string, number]): void {
  const message: { readonly events: readonly { readonly seq: number }[] } = JSON.parse(json);
  let at = 0;
  const next = (): void => {
    const batch = message.events.slice(at, at + perFrame);
    at += batch.length;
    if (batch.length > 0) window.postMessage({ ...message, events: batch }, "*");
  };
  window.onPosted = (posted) => {
    if (posted.type !== "applied") return;
    if (at < message.events.length) setTimeout(next, 12);
    else document.body.dataset["streamed"] = "true";
  };
  window.addEventListener("begin-stream", next);
}

async function longSession(browser: Browser, server: PageServer): Promise<readonly Row[]> {
  const { page, cdp } = await open(browser, server);
  const messages = Array.from({ length: 2_500 }, (_, index) => [
    question(`q${index}`, `Question ${index}?`),
    answer(`a${index}`, sampleDocument(index, 3)),
  ]).flat();
  const json = JSON.stringify(show(messages));
  let opened = 0;
  const opening = await workOf(cdp, async () => {
    opened = await page.evaluate(openSession, json);
  });
  await page.waitForTimeout(1_000);

  const frames = 200;
  const work = await workOf(cdp, () =>
    page.evaluate(async (count) => {
      const view = document.querySelector(".transcript");
      for (let frame = 0; frame < count; frame += 1) {
        view?.scrollBy(0, -120);
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    }, frames),
  );
  await page.context().close();
  return [
    { what: "session of 5,000 messages: opens in (wall)", measured: ms(opened), target: "300 ms" },
    { what: "the same, scripting + style and layout", measured: `${ms(opening.scriptMs)} + ${ms(opening.layoutMs)}`, target: "-" },
    {
      what: "the same, scrolling 120 px a frame: script + layout a frame",
      measured: ms((work.scriptMs + work.layoutMs) / frames),
      target: "8 ms",
    },
  ];
}

async function openSession(json: string): Promise<number> {
  const data: unknown = JSON.parse(json);
  const started = performance.now();
  window.postMessage(data, "*");
  while ((document.querySelector("[data-message=a2499] .markdown")?.childElementCount ?? 0) === 0) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  return performance.now() - started;
}

const files = await buildPageFiles();
const script = files.get("chat.js") ?? new Uint8Array();
const rows: Row[] = [
  {
    what: "chat.js, minified (compressed)",
    measured: `${kilobytes(script.length)} (${kilobytes(gzipSync(script).length)})`,
    target: "350 KB",
  },
  { what: "chat.css", measured: kilobytes(files.get("chat.css")?.length ?? 0), target: "-" },
];
const server = await startPageServer(files);
const browser = await launchBrowser();
try {
  rows.push(...(await emptyChat(browser, server)));
  const text = longAnswer(TOKENS * 4);
  rows.push(...(await stream(browser, server, "20,000 tokens, 60 a frame", { text, perFrame: 60 })));
  rows.push(...(await stream(browser, server, "20,000 tokens at once", { text, perFrame: TOKENS * 2 })));
  const list = Array.from({ length: 1_200 }, (_, index) => `${index + 1}. **Item ${index}** with \`code\` and a few words more\n`)
    .join("")
    .slice(0, TOKENS * 4);
  rows.push(...(await stream(browser, server, "20,000 tokens of one list", { text: list, perFrame: 60 })));
  const code = `\`\`\`ts\n${'const value = compute(1, "two"); // why\n'.repeat(2_000)}\`\`\`\n`;
  rows.push(...(await stream(browser, server, "20,000 tokens of one code block", { text: code.slice(0, TOKENS * 4), perFrame: 60 })));
  rows.push(...(await longSession(browser, server)));
} finally {
  await browser.close();
  await server.close();
}
console.table(rows);
