// Measures the page in a headless Chromium and prints a table: `node test/media/browser/measure.ts [part …]`, the parts being
// start, answer, burst, list, code and session. Figures, no verdicts: the targets stand beside them. Work is told in processor
// time, which depends little on what else the machine does; what a person waits for, in wall time, which does.

import { gzipSync } from "node:zlib";
import type { Browser, CDPSession, Page } from "playwright-core";
import type { StreamEventBody } from "../../../sidecar/types.ts";
import { launchBrowser, newPage } from "../../rig/browser.ts";
import { sampleDocument } from "../markdown/sample-documents.ts";
import { buildPageFiles } from "./bundle.ts";
import { answer, events, post, question, show, waitForPosted, waitUntilSettled } from "./chat-driver.ts";
import { startPageServer } from "./page-server.ts";
import type { PageServer } from "./page-server.ts";
import { longestTask, startTracing, stopTracing, untilFirstPaint } from "./trace.ts";
import type { FirstPaint } from "./trace.ts";

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
const ROUNDS = 9;
const FRAMES = 200;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
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

/** The page, and one that only writes a word: what Chromium needs for any page at all is not ours. */
async function emptyChat(browser: Browser, server: PageServer): Promise<readonly Row[]> {
  const rounds: { readonly ours: FirstPaint; readonly floor: FirstPaint }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const floor = await firstPaint(browser, server.floorUrl);
    rounds.push({ floor, ours: await firstPaint(browser, server.pageUrl({ theme: "dark-modern" })) });
  }
  const row = (what: string, target: string, pick: (paint: FirstPaint) => number): Row => {
    const [ours, floor, added] = [
      rounds.map((round) => pick(round.ours)),
      rounds.map((round) => pick(round.floor)),
      rounds.map((round) => pick(round.ours) - pick(round.floor)),
    ].map(median);
    return { what, measured: `${ms(added ?? 0)} (${ms(ours ?? 0)}, a bare page ${ms(floor ?? 0)})`, target };
  };
  return [
    row("first paint of an empty chat: work of its thread beyond a bare page's", "100 ms", ({ workMs }) => workMs),
    row("the same, wall", "100 ms", ({ wallMs }) => wallMs),
  ];
}

async function firstPaint(browser: Browser, url: string): Promise<FirstPaint> {
  const page = await newPage(browser, { viewport: { width: 420, height: 900 } });
  const cdp = await page.context().newCDPSession(page);
  await page.goto("about:blank");
  // Told by the browser itself: a question to the page would be work of its thread, too.
  await cdp.send("Page.enable");
  await cdp.send("Page.setLifecycleEventsEnabled", { enabled: true });
  await startTracing(cdp);
  const painted = new Promise<void>((resolve) => {
    cdp.on("Page.lifecycleEvent", ({ name }: { name: string }) => {
      if (name === "firstContentfulPaint") resolve();
    });
  });
  await page.goto(url, { waitUntil: "commit" });
  await painted;
  const trace = await stopTracing(cdp);
  await page.context().close();
  return untilFirstPaint(trace);
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
    await waitUntilSettled(page);
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
  const messages = Array.from({ length: 2_500 }, (_, index) => [
    question(`q${index}`, `Question ${index}?`),
    answer(`a${index}`, sampleDocument(index, 3)),
  ]).flat();
  const json = JSON.stringify(show(messages));
  const rounds: (Work & { readonly wallMs: number; readonly frameMs: number })[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { page, cdp } = await open(browser, server);
    // The half of the page that makes Markdown has come by then, as it has when a person opens a conversation.
    await waitUntilSettled(page);
    let wallMs = 0;
    const opening = await workOf(cdp, async () => {
      wallMs = await page.evaluate(openSession, json);
    });
    await waitUntilSettled(page);
    const scrolling = await workOf(cdp, () => page.evaluate(scrollUp, FRAMES));
    await page.context().close();
    rounds.push({ ...opening, wallMs, frameMs: (scrolling.scriptMs + scrolling.layoutMs) / FRAMES });
  }
  const of = (pick: (round: (typeof rounds)[number]) => number): string => ms(median(rounds.map(pick)));
  return [
    { what: "session of 5,000 messages: opens in (wall)", measured: of(({ wallMs }) => wallMs), target: "300 ms" },
    {
      what: "the same, scripting + style and layout",
      measured: `${of(({ scriptMs }) => scriptMs)} + ${of(({ layoutMs }) => layoutMs)}`,
      target: "-",
    },
    {
      what: "the same, scrolling 120 px a frame: script + layout a frame",
      measured: of(({ frameMs }) => frameMs),
      target: "8 ms",
    },
  ];
}

async function scrollUp(frames: number): Promise<void> {
  const view = document.querySelector(".transcript");
  for (let frame = 0; frame < frames; frame += 1) {
    view?.scrollBy(0, -120);
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

/** From the arrival of the conversation; what posting it costs is the editor's. */
async function openSession(json: string): Promise<number> {
  const data: unknown = JSON.parse(json);
  window.postMessage(data, "*");
  const started = performance.now();
  while ((document.querySelector("[data-message=a2499] .markdown")?.childElementCount ?? 0) === 0) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  return performance.now() - started;
}

const files = await buildPageFiles();
const rows: Row[] = ["chat.js", "shared.js", "markdown.js", "chat.css"].map((name) => {
  const file = files.get(name) ?? new Uint8Array();
  const target = name === "chat.css" ? "-" : "350 KB together";
  return { what: `${name}, minified (compressed)`, measured: `${kilobytes(file.length)} (${kilobytes(gzipSync(file).length)})`, target };
});
const server = await startPageServer(files);
const browser = await launchBrowser();
const text = longAnswer(TOKENS * 4);
const list = Array.from({ length: 1_200 }, (_, index) => `${index + 1}. **Item ${index}** with \`code\` and a few words more\n`)
  .join("")
  .slice(0, TOKENS * 4);
const code = `\`\`\`ts\n${'const value = compute(1, "two"); // why\n'.repeat(2_000)}\`\`\`\n`.slice(0, TOKENS * 4);
const measurements: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  start: () => emptyChat(browser, server),
  answer: () => stream(browser, server, "20,000 tokens, 60 a frame", { text, perFrame: 60 }),
  burst: () => stream(browser, server, "20,000 tokens at once", { text, perFrame: TOKENS * 2 }),
  list: () => stream(browser, server, "20,000 tokens of one list", { text: list, perFrame: 60 }),
  code: () => stream(browser, server, "20,000 tokens of one code block", { text: code, perFrame: 60 }),
  session: () => longSession(browser, server),
};
const wanted = process.argv.slice(2);
try {
  for (const [name, measure] of Object.entries(measurements)) {
    if (wanted.length === 0 || wanted.includes(name)) rows.push(...(await measure()));
  }
} finally {
  await browser.close();
  await server.close();
}
console.table(rows);
