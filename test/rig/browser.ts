// A headless browser on a workbench.

import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { ensureChromium } from "./chromium.ts";

const FLAGS = [
  // The pages come from this machine alone, and the sandbox is missing in most containers.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await ensureChromium(),
    headless: true,
    args: FLAGS,
    handleSIGINT: false,
    handleSIGTERM: false,
  });
}

/** For whatever a test waits for in a page, so that a busy machine gets there. */
const PATIENCE_MS = 60_000;

export interface PageOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Pixels of a screen for each of the page's. */
  readonly pixelRatio?: number;
}

/** A page of a context of its own, which reaches nothing but loopback: what else it asks for fails at once. */
export async function newPage(browser: Browser, options: PageOptions = {}): Promise<Page> {
  const { viewport = { width: 1280, height: 800 }, pixelRatio = 1 } = options;
  const context: BrowserContext = await browser.newContext({
    viewport: { ...viewport },
    deviceScaleFactor: pixelRatio,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.route(
    (url) => url.protocol.startsWith("http") && url.hostname !== "127.0.0.1" && url.hostname !== "localhost",
    (route) => route.abort(),
  );
  return context.newPage();
}

/** Waits until the workbench stands. */
export async function workbenchReady(page: Page, limitMs = 120_000): Promise<void> {
  await page.locator(".monaco-workbench .part.statusbar").waitFor({ timeout: limitMs });
}
