// The page in a real browser, for all suites of this folder: one browser, one server, a fresh page for each test.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { FromWebview } from "../../../media/protocol.ts";
import type { StreamEventBody } from "../../../sidecar/types.ts";
import { launchBrowser, newPage } from "../../rig/browser.ts";
import { buildPageFiles } from "./bundle.ts";
import { answer, posted, question, waitForPosted } from "./chat-driver.ts";
import { startPageServer } from "./page-server.ts";
import type { PageOptions, PageServer } from "./page-server.ts";

export let browser: Browser;
export let server: PageServer;
/** The page of the running test. */
export let page: Page;
let complaints: string[] = [];
let testOver: () => Promise<void> = () => Promise.resolve();

const VIEWPORT = { width: 400, height: 600 };

before(async () => {
  server = await startPageServer(await buildPageFiles({ "markdown-lab": "test/media/browser/markdown-lab.ts" }));
  browser = await launchBrowser();
  page = await newTab();
});

after(async () => {
  await browser?.close();
  await server?.close();
});

/** In each test of a suite: a page that has said `ready`, and that must have complained of nothing when the test is over. */
export function useFreshPage(): void {
  beforeEach(async () => {
    complaints = [];
    await page.setViewportSize(VIEWPORT);
    await page.emulateMedia({ reducedMotion: null });
    await open();
  });
  afterEach(async () => {
    await testOver();
    testOver = () => Promise.resolve();
    // A violation of the policy is an error on the console.
    assert.deepEqual(complaints, []);
  });
}

/** Loads the page anew. */
export async function open(options: PageOptions = {}): Promise<void> {
  await page.goto(server.pageUrl(options));
  await waitForPosted(page, "ready");
}

/** Loads it with a script of the test's that runs before its own, for this test alone. */
export async function openPrepared(prepare: () => void): Promise<void> {
  const shared = page;
  page = await newTab();
  testOver = async () => {
    await page.context().close();
    page = shared;
  };
  await page.addInitScript(prepare);
  await open();
}

async function newTab(): Promise<Page> {
  const fresh = await newPage(browser, { viewport: VIEWPORT });
  fresh.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  fresh.on("pageerror", (error) => complaints.push(String(error)));
  return fresh;
}

export const composer = () => page.getByRole("textbox", { name: "Your question" });

/** Messages of one type that the page has posted. */
export async function sent(type: FromWebview["type"]): Promise<readonly FromWebview[]> {
  return (await posted(page)).filter((message) => message.type === type);
}

export async function untilApplied(seq: number): Promise<void> {
  await page.waitForFunction((last) => window.posted.some((message) => message.type === "applied" && message.seq >= last), seq, {
    polling: 50,
  });
}

// ---------------------------------------------------------------- what the host sends in most tests

export const asked = question("q1", "Why?");
export const streaming = answer("a1", "", { status: "streaming", finishReason: null });
export const start: StreamEventBody = { type: "start", provider: "openai", model: "gpt-5-mini" };
export const words = (text: string): StreamEventBody => ({ type: "text-delta", text });
export const end = (status: "complete" | "cancelled" | "error" = "complete"): StreamEventBody => ({
  type: "end",
  status,
  finishReason: status === "complete" ? "stop" : null,
  rawFinishReason: null,
  usage: { inputTokens: 10, outputTokens: 20 },
  timings: { firstTokenMs: 100, totalMs: 1_200 },
});
