// Where the page stands after it was built anew, in whatever order its parts and messages arrive.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MessageView } from "../../../media/protocol.ts";
import { answer, post, question, SESSION, show, waitForPosted, waitUntilSettled } from "./chat-driver.ts";
import { open, openPrepared, page, sent, useFreshPage } from "./page-under-test.ts";

const LONG = Array.from({ length: 30 }, (_, index) => `Paragraph ${index}, with some words in it.`).join("\n\n");
/** Guessed at a line each, and set as one paragraph. */
const SHORTER = "word\n".repeat(200);
/** Guessed at a line each, and each with the distances of a heading. */
const TALLER = "## Part\n\n".repeat(40);

const TEXTS = [LONG, SHORTER, TALLER];
const turns = (from: number, to: number): MessageView[] =>
  Array.from({ length: to - from }, (_, index) => from + index).flatMap((turn) => [
    question(`q${turn}`, `Question ${turn}?`),
    answer(`a${turn}`, TEXTS[turn % TEXTS.length] ?? ""),
  ]);
const kept = (scroll: unknown) => ({ session: SESSION, draft: "", scroll });

/** Holds back the half of the page that makes Markdown; returns what lets it through. */
async function holdMarkdown(): Promise<() => Promise<void>> {
  const { promise, resolve } = Promise.withResolvers<void>();
  await page.route("**/markdown.js", async (route) => {
    await promise;
    await route.continue();
  });
  return async () => {
    resolve();
    await page.locator(".markdown > *").first().waitFor();
    await waitUntilSettled(page);
    await page.unroute("**/markdown.js");
  };
}

const fromEnd = () => page.locator(".transcript").evaluate((view) => view.scrollHeight - view.scrollTop - view.clientHeight);
const untilAtEnd = () =>
  page.waitForFunction(() => {
    const view = document.querySelector(".transcript");
    return view !== null && view.scrollTop > 0 && view.scrollHeight - view.scrollTop - view.clientHeight < 2;
  });
/** CSS pixels below the upper edge of the view. */
const offsetOf = (message: string) =>
  page.evaluate((id) => {
    const top = (selector: string): number => document.querySelector(selector)?.getBoundingClientRect().top ?? Number.NaN;
    return top(`[data-message=${id}]`) - top(".transcript");
  }, message);

describe("A page that is built anew", () => {
  useFreshPage();

  for (const count of [2, 60]) {
    test(`stands at the end of ${count} turns, though its answers are laid out before there is Markdown`, async () => {
      const release = await holdMarkdown();
      await open({ state: kept("end") });
      await post(page, show(turns(0, count)));
      await page.locator(`[data-message=a${count - 1}]`).waitFor();
      await release();
      assert.ok((await fromEnd()) < 2, `${await fromEnd()} px from the end`);
    });
  }

  test("stands where the reader was, though its answers are laid out before there is Markdown", async () => {
    const release = await holdMarkdown();
    await open({ state: kept({ message: "a6", offset: -40 }) });
    await post(page, show(turns(0, 12)));
    await page.locator("[data-message=a6]").waitFor();
    await release();
    assert.ok(Math.abs((await offsetOf("a6")) + 40) < 2, `${await offsetOf("a6")}`);
  });

  test("stays at the end when what is above shrinks before what is below grows", async () => {
    await post(page, show(turns(0, 6)));
    await waitUntilSettled(page);
    await page.evaluate(async () => {
      const view = document.querySelector<HTMLElement>(".transcript");
      const boxes = Array.from(document.querySelectorAll<HTMLElement>(".turn-answer"));
      const [first, last] = [boxes[0], boxes.at(-1)];
      if (view === null || first === undefined || last === undefined) throw new Error("There is nothing to move.");
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      first.style.minHeight = "4000px";
      await frame();
      await frame();
      // Between two frames, as the late half of the page comes: the next one begins with the scroll events.
      await new Promise((resolve) => setTimeout(resolve));
      first.style.minHeight = "";
      // Asked in between, the browser lays the page out as it is.
      view.getBoundingClientRect();
      last.style.minHeight = "9000px";
      // On a busy machine it can come before the page has been told of the sizes.
      view.dispatchEvent(new Event("scroll"));
    });
    await untilAtEnd();
    await page
      .locator(".turn-answer")
      .last()
      .evaluate((last) => last.style.setProperty("min-height", "12000px"));
    await untilAtEnd();
  });

  test("has the reader's place though the conversation could not be read at first", async () => {
    await open({ state: kept({ message: "a3", offset: -20 }) });
    await post(page, show([]), show(turns(0, 12)));
    await waitUntilSettled(page);
    assert.ok(Math.abs((await offsetOf("a3")) + 20) < 2, `${await offsetOf("a3")}`);
  });

  test("asks for earlier messages until the reader's place is among them", async () => {
    await open({ state: kept({ message: "a2", offset: -30 }) });
    const page1: ReturnType<typeof show> = show(turns(30, 40));
    if (page1.type !== "show" || page1.session === null) throw new Error("There is no conversation to show.");
    await post(page, { ...page1, session: { ...page1.session, hasEarlier: true } });
    await waitForPosted(page, "earlier");
    await post(page, { type: "earlier", session: SESSION, messages: turns(10, 30), hasEarlier: true });
    await page.waitForFunction(() => window.posted.filter(({ type }) => type === "earlier").length === 2);
    await post(page, { type: "earlier", session: SESSION, messages: turns(0, 10), hasEarlier: false });
    await page.locator("[data-message=a2]").waitFor();
    await waitUntilSettled(page);
    assert.ok(Math.abs((await offsetOf("a2")) + 30) < 2, `${await offsetOf("a2")}`);
    assert.equal((await sent("earlier")).length, 2);
  });

  test("stands at the end where the message that the reader was at is not in the conversation any more", async () => {
    await open({ state: kept({ message: "deleted", offset: 0 }) });
    await post(page, show(turns(0, 6)));
    await waitUntilSettled(page);
    await untilAtEnd();
  });

  test("stands at the end though no frames are drawn while it is filled", async () => {
    await openPrepared(() => {
      const draw = window.requestAnimationFrame.bind(window);
      let held: FrameRequestCallback[] | null = [];
      window.requestAnimationFrame = (callback) => (held === null ? draw(callback) : held.push(callback));
      window.addEventListener("draw-again", () => {
        const waiting = held ?? [];
        held = null;
        for (const callback of waiting) draw(callback);
      });
    });
    await post(page, show(turns(0, 12)));
    await page.waitForFunction(() => document.querySelector("[data-message=a11] .markdown > *") !== null, undefined, { polling: 50 });
    await page.evaluate(() => window.dispatchEvent(new Event("draw-again")));
    await waitUntilSettled(page);
    assert.ok((await fromEnd()) < 2, `${await fromEnd()} px from the end`);
  });
});
