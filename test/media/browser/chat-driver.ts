// Plays the extension host to a chat page: posts messages to it and reads what it posted.

import type { Page } from "playwright-core";
import type { FromWebview, MessageView, ModelView, ToWebview } from "../../../media/protocol.ts";
import type { StoredMessage, StreamEvent, StreamEventBody } from "../../../sidecar/types.ts";

declare global {
  interface Window {
    /** What the page has posted so far. */
    posted: FromWebview[];
    /** What the page asked the editor to keep. */
    savedState?: unknown;
    onPosted?: (message: FromWebview) => void;
  }
}

export const realModel: ModelView = { ref: "openai/gpt-5-mini", name: "GPT-5 mini", providerName: "OpenAI", demo: false };
export const demoModel: ModelView = { ref: "local/demo", name: "Demo (no knowledge)", providerName: "This machine", demo: true };

export const SESSION = "session-1";

/** Time of the first message, in Unix milliseconds. */
const NOON = Date.UTC(2026, 10, 22, 12);

type StoredPart = Partial<Omit<StoredMessage, "message">>;

export function question(id: string, text: string, extra: StoredPart = {}): MessageView {
  return { stored: stored(id, { message: { role: "user", content: [{ type: "text", text }] } }, extra) };
}

export function answer(id: string, text: string, extra: StoredPart = {}): MessageView {
  const content = text === "" ? [] : [{ type: "text" as const, text }];
  const ended = { model: realModel.ref, status: "complete" as const, finishReason: "stop" as const };
  return { stored: stored(id, { message: { role: "assistant", content } }, { ...ended, ...extra }) };
}

export function stored(id: string, rest: Pick<StoredMessage, "message">, extra: StoredPart = {}): StoredMessage {
  return { id, session: SESSION, parent: null, createdAt: NOON, ...rest, ...extra };
}

export function show(messages: readonly MessageView[], extra: Partial<Extract<ToWebview, { type: "show" }>> = {}): ToWebview {
  const session = messages.length === 0 ? null : { id: SESSION, title: "Parsing durations", messages, hasEarlier: false };
  return { type: "show", session, model: realModel, sidecar: "ready", draft: "", ...extra };
}

/** Numbers events from `from` on. */
export function events(message: string, bodies: readonly StreamEventBody[], from = 1): ToWebview {
  const numbered = bodies.map((body, index): StreamEvent => ({ ...body, seq: from + index }));
  return { type: "events", message, events: numbered };
}

/** Resolves when the page has taken the messages and shows what they say; events it applies in its next frame. */
export async function post(page: Page, ...messages: readonly ToWebview[]): Promise<void> {
  await page.evaluate(async (json) => {
    const all: readonly unknown[] = JSON.parse(json);
    let left = all.length;
    const { promise, resolve } = Promise.withResolvers<void>();
    // It comes after the page's own listener, whose work is rendered before the next listener is called.
    const taken = (): void => {
      left -= 1;
      if (left <= 0) resolve();
    };
    if (left === 0) return;
    window.addEventListener("message", taken);
    for (const message of all) window.postMessage(message, "*");
    await promise;
    window.removeEventListener("message", taken);
  }, JSON.stringify(messages));
}

export async function posted(page: Page): Promise<readonly FromWebview[]> {
  return page.evaluate(() => window.posted);
}

/** Waits until the page has posted a message of this type and returns the last one. */
export async function waitForPosted<Type extends FromWebview["type"]>(
  page: Page,
  type: Type,
): Promise<Extract<FromWebview, { type: Type }>> {
  await page.waitForFunction((wanted) => window.posted.some((message) => message.type === wanted), type);
  const found = (await posted(page)).findLast((message): message is Extract<FromWebview, { type: Type }> => message.type === type);
  if (found === undefined) throw new Error(`The page posted no ${type}.`);
  return found;
}

/** Waits until nothing is left to render: every answer stands as it stays, colours included, and nothing moves any more. */
export async function waitUntilSettled(page: Page): Promise<void> {
  await page.waitForFunction(untilStill, undefined, { timeout: 60_000 });
}

/**
 * Turns the wheel where the mouse is; resolves when the conversation has moved by it and stands again. A page is moved a little
 * later than the wheel is turned, over several frames: a place that is read before that is a place on the way. And the browser
 * scrolls beside the page's script: what a script has scrolled to is put over a turn of the wheel that comes before the next frame
 * is drawn. So it stands still before, too, and a turn that was lost all the same is turned again.
 */
export async function turnWheel(page: Page, deltaY: number): Promise<void> {
  const top = () => page.locator(".transcript").evaluate((view) => view.scrollTop);
  await page.evaluate(untilStanding);
  for (let tries = 0, before = await top(); tries < 6; tries += 1) {
    await page.mouse.wheel(0, deltaY);
    const moved = page.waitForFunction((from) => document.querySelector(".transcript")?.scrollTop !== from, before, { timeout: 10_000 });
    if (await moved.then(() => true).catch(() => false)) return page.evaluate(untilStanding);
  }
  throw new Error(`The wheel was turned six times by ${deltaY}, and the conversation stands where it stood.`);
}

/** Runs in the page: until the conversation has stood still for ten frames. */
async function untilStanding(): Promise<void> {
  const top = () => document.querySelector(".transcript")?.scrollTop;
  for (let still = 0, last = top(); still < 10;) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    still = top() === last ? still + 1 : 0;
    last = top();
  }
}

/** Runs in the page: whether it stays the same over some frames in which the browser also found time for idle work. */
async function untilStill(): Promise<boolean> {
  let changes = 0;
  const observer = new MutationObserver((records) => (changes += records.length));
  observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  await document.fonts.ready;
  const heightBefore = document.querySelector(".transcript")?.scrollHeight;
  for (let frame = 0; frame < 10; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  await new Promise((resolve) => requestIdleCallback(resolve));
  observer.disconnect();
  return changes === 0 && document.querySelector(".transcript")?.scrollHeight === heightBefore;
}
