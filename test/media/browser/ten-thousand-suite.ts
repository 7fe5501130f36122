// A conversation of ten thousand messages, given page by page as the host gives it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answer, post, question, SESSION, show, waitUntilSettled } from "./chat-driver.ts";
import { page, useFreshPage } from "./page-under-test.ts";

const TURNS = 5_000;
/** Messages at once, as the host reads them. */
const PAGE = 64;
/** How many pages of that size are asked for one by one. The others come ten at once, since frame by frame they take a minute. */
const PAGES_ALONE = 24;
/** CSS pixels that a message may move while hundreds of others find their heights above it: it stays in sight. */
const STEADY_PX = 100;

const all = Array.from({ length: TURNS }, (_, index) => [
  question(`q${index}`, `Question ${index}?`),
  answer(`a${index}`, `Answer **${index}**. ${"Some words about it. ".repeat(1 + (index % 12))}`),
]).flat();

interface Journey {
  readonly pages: number;
  /** The farthest that the message on the screen has moved when earlier ones came, in CSS pixels. */
  readonly moved: number;
  /** The most messages, and elements altogether, that were on the page at once. */
  readonly rendered: number;
  readonly elements: number;
}

/** Runs in the page: plays the host to its questions for earlier messages, and goes back to the first message. */
async function goBack({
  json,
  size,
  alone,
  session,
}: {
  readonly json: string;
  readonly size: number;
  readonly alone: number;
  readonly session: string;
}): Promise<Journey> {
  const messages: readonly unknown[] = JSON.parse(json);
  const view = document.querySelector(".transcript");
  if (view === null) throw new Error("There is no conversation.");
  const MOST_FRAMES = 1_000;
  let left = messages.length - size;
  const host = { asked: false };
  window.onPosted = ({ type }) => {
    if (type === "earlier") host.asked = true;
  };
  const frames = async (count: number): Promise<void> => {
    for (let frame = 0; frame < count; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  };
  const firstSeen = (): HTMLElement | undefined => {
    const { top } = view.getBoundingClientRect();
    return Array.from(document.querySelectorAll<HTMLElement>("[data-message]")).find((one) => one.getBoundingClientRect().bottom > top);
  };
  /** Until what is seen first stays where it is. */
  const steady = async (): Promise<void> => {
    const place = (): string => `${firstSeen()?.dataset["message"]} ${firstSeen()?.getBoundingClientRect().top}`;
    for (let still = 0, frame = 0, last = place(); still < 3 && frame < MOST_FRAMES; frame += 1) {
      await frames(1);
      const now = place();
      still = now === last ? still + 1 : 0;
      last = now;
    }
  };
  const journey = { pages: 0, moved: 0, rendered: 0, elements: 0 };
  while (left > 0) {
    host.asked = false;
    view.scrollTop = 300;
    for (let frame = 0; !host.asked && frame < MOST_FRAMES; frame += 1) await frames(1);
    if (!host.asked) throw new Error(`At ${view.scrollTop} px nothing was asked for, with ${left} messages left.`);
    await steady();
    const seen = firstSeen();
    const before = seen?.getBoundingClientRect().top ?? Number.NaN;
    const from = Math.max(0, left - (journey.pages < alone ? size : 10 * size));
    const earlier = { type: "earlier", session, messages: messages.slice(from, left), hasEarlier: from > 0 };
    left = from;
    // Behind the page's own listener: a page that has not heard of them yet stands still, too.
    const taken = new Promise((resolve) => window.addEventListener("message", resolve, { once: true }));
    window.postMessage(earlier, "*");
    await taken;
    await steady();
    journey.moved = Math.max(journey.moved, Math.abs((seen?.getBoundingClientRect().top ?? Number.NaN) - before));
    journey.rendered = Math.max(journey.rendered, document.querySelectorAll("[data-message]").length);
    journey.elements = Math.max(journey.elements, document.querySelectorAll("*").length);
    journey.pages += 1;
  }
  view.scrollTop = 0;
  await frames(4);
  return journey;
}

describe("A conversation of ten thousand messages", () => {
  useFreshPage();

  test("is gone back through to its first message, with little of it on the page at once, and nothing moves on the way", async () => {
    const newest = show(all.slice(-PAGE));
    assert.ok(newest.type === "show" && newest.session !== null);
    await post(page, { ...newest, session: { ...newest.session, hasEarlier: true } });
    await page.getByText(`Answer ${TURNS - 1}.`).waitFor();
    const journey = await page.evaluate(goBack, { json: JSON.stringify(all), size: PAGE, alone: PAGES_ALONE, session: SESSION });
    assert.equal(journey.pages, PAGES_ALONE + Math.ceil((TURNS * 2 - PAGE * (1 + PAGES_ALONE)) / (10 * PAGE)));
    assert.ok(journey.moved < STEADY_PX, `${journey.moved} px`);
    // Those it began with, which stay, and what is near; a box for each eight others.
    assert.ok(journey.rendered < 3 * PAGE, `${journey.rendered} messages`);
    assert.ok(journey.elements < (TURNS * 2) / 8 + 3_000, `${journey.elements} elements`);
    await page.getByText("Question 0?").waitFor();
    await page.getByText("Answer 0.").waitFor();
  });

  test("opens at its seventeenth message when that was searched for", async () => {
    const whole = show(all);
    assert.ok(whole.type === "show" && whole.session !== null);
    await post(page, { ...whole, session: { ...whole.session, reveal: "q8" } });
    await page.waitForFunction(() => document.activeElement?.getAttribute("data-message") === "q8");
    await page.getByText("Answer 8.").waitFor();
    await waitUntilSettled(page);
    const found = await page.locator("[data-message=q8]").boundingBox();
    assert.ok(found !== null && found.y >= 0 && found.y + found.height < 600, JSON.stringify(found));
    const rendered = await page.locator("[data-message]").count();
    assert.ok(rendered < 2 * PAGE, `${rendered} messages`);
  });
});
