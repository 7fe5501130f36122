// Reading: the place of the reader, long conversations, the keyboard, what screen readers are told.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { answer, events, post, question, show, stored, turnWheel, waitForPosted, waitUntilSettled } from "./chat-driver.ts";
import { asked, composer, open, page, start, streaming, untilApplied, useFreshPage, words } from "./page-under-test.ts";
const LONG_TEXT = Array.from({ length: 80 }, (_, index) => `Paragraph ${index} of a long answer, with some words in it.`).join("\n\n");

const scroll = () =>
  page
    .locator(".transcript")
    .evaluate((element) => ({ top: element.scrollTop, left: element.scrollHeight - element.scrollTop - element.clientHeight }));

interface RestingPlace {
  /** Of the message's upper edge, in CSS pixels. */
  readonly top: number;
  /** What the page has saved, this place in it. */
  readonly state: unknown;
}

/** Where a message lies, once it moves no more and the page has saved it. */
async function restingPlace(message: string): Promise<RestingPlace> {
  const place = await page.waitForFunction(
    (id): RestingPlace | false => {
      const top = document.querySelector(`[data-message=${id}]`)?.getBoundingClientRect().top ?? 0;
      const saved = /"message":"(\w+)","offset":(-?[\d.]+)/.exec(JSON.stringify(window.savedState ?? ""));
      const view = document.querySelector(".transcript")?.getBoundingClientRect().top ?? 0;
      const resting = saved?.[1] === id && Math.abs(Number(saved[2]) - (top - view)) < 1;
      return resting ? { top, state: window.savedState } : false;
    },
    message,
    { polling: 300 },
  );
  const found = await place.jsonValue();
  assert.ok(found !== false);
  return found;
}

describe("The place of the reader", () => {
  useFreshPage();
  beforeEach(() => post(page, show([asked, streaming])));

  test("is the end of the answer while it streams", async () => {
    await post(page, events("a1", [start, words(LONG_TEXT)]));
    await page.getByText("Paragraph 79").waitFor();
    await page.waitForFunction(() => {
      const element = document.querySelector(".transcript");
      return element !== null && element.scrollTop > 1_000 && element.scrollHeight - element.scrollTop - element.clientHeight < 2;
    });
    assert.equal(await page.getByRole("button", { name: "Jump to latest" }).count(), 0);
  });

  test("is never moved against them, however much streams in; a button leads back to the end", async () => {
    await post(page, events("a1", [start, words(LONG_TEXT)]));
    await page.getByText("Paragraph 79").waitFor();
    await page.locator(".transcript").hover();
    await turnWheel(page, -900);
    const jump = page.getByRole("button", { name: "Jump to latest" });
    await jump.waitFor();
    const before = await scroll();
    for (let seq = 3; seq < 8; seq += 1) await post(page, events("a1", [words(`\n\n${LONG_TEXT}`)], seq));
    await untilApplied(7);
    await page.waitForFunction((height) => (document.querySelector(".transcript")?.scrollHeight ?? 0) > height, 8_000);
    assert.ok(Math.abs((await scroll()).top - before.top) < 2, `${(await scroll()).top} was ${before.top}`);
    await jump.click();
    await page.waitForFunction(() => {
      const element = document.querySelector(".transcript");
      return element !== null && element.scrollHeight - element.scrollTop - element.clientHeight < 2;
    });
    assert.equal(await jump.count(), 0);
  });

  test("is kept with the draft while the page is taken down and built again", async () => {
    const messages = Array.from({ length: 20 }, (_, index) => [
      question(`q${index}`, `Question ${index}?`),
      answer(`a${index}`, LONG_TEXT),
    ]).flat();
    await post(page, show(messages));
    await page.getByText("Paragraph 79").last().waitFor();
    await composer().fill("half a question");
    await page.locator("[data-messages~=a10]").evaluate((group) => group.scrollIntoView({ block: "start" }));
    await page.locator("[data-message=a10]").evaluate((turn) => turn.scrollIntoView({ block: "start" }));
    await page.mouse.move(200, 200);
    await turnWheel(page, 137);
    await page.locator("[data-message=a10]").getByText("Paragraph 79").waitFor();
    const { top: before, state } = await restingPlace("a10");

    await open({ state });
    await post(page, show(messages, { draft: "half" }));
    await page.locator("[data-message=a10]").getByText("Paragraph 79").waitFor();
    const { top: after } = await restingPlace("a10");
    assert.ok(Math.abs(after - before) < 3, `${after} was ${before}`);
    assert.equal(await composer().inputValue(), "half a question");
  });
});

describe("A conversation", () => {
  useFreshPage();
  test("of five thousand messages opens quickly, renders what is near, and everything on the way", async () => {
    const messages = Array.from({ length: 2_500 }, (_, index) => [
      question(`q${index}`, `Question ${index}?`),
      answer(`a${index}`, `Answer **${index}**.\n\n\`\`\`ts\nconst x = ${index};\n\`\`\`\n`),
    ]).flat();
    await page.evaluate(
      (message) => {
        const opened = performance.now();
        const done = (): void => {
          if (document.querySelector("[data-message=a2499] .token-number") === null) requestAnimationFrame(done);
          else document.body.dataset["openedMs"] = String(performance.now() - opened);
        };
        done();
        window.postMessage(JSON.parse(message), "*");
      },
      JSON.stringify(show(messages)),
    );
    await page.waitForFunction(() => document.body.dataset["openedMs"] !== undefined);
    const rendered = () => page.locator(".turn .markdown").count();
    assert.ok((await rendered()) < 60, `${await rendered()} answers are rendered`);
    // While heights are still being found, the page keeps to its end against what nobody did by hand.
    await waitUntilSettled(page);
    await page.locator("[data-messages~=q1200]").scrollIntoViewIfNeeded();
    await page.getByText("Answer 1200.").waitFor();
    await page.waitForFunction(() => document.querySelector("[data-message=a2499] .markdown") === null);
    assert.ok((await rendered()) < 60, `${await rendered()} answers are rendered`);
  });

  test("shows attached files as chips that open them, and folds a long question", async () => {
    const file = { type: "file", uri: "file:///w/a.ts", name: "a.ts", startLine: 3, endLine: 9, text: "x" } as const;
    const message = { role: "user", content: [file, { type: "text", text: "line\n".repeat(40) }] } as const;
    await post(page, show([{ stored: stored("q1", { message }) }]));
    await page.getByRole("button", { name: "a.ts:3-9" }).click();
    assert.deepEqual(await waitForPosted(page, "open-file"), { type: "open-file", uri: "file:///w/a.ts", startLine: 3, endLine: 9 });
    const height = () => page.locator(".words").evaluate((element) => element.clientHeight);
    const folded = await height();
    await page.getByRole("button", { name: "Show all" }).click();
    assert.ok((await height()) > 2 * folded);
    await page.getByRole("button", { name: "Show less" }).click();
    assert.equal(await height(), folded);
  });

  test("can be walked through with the keyboard: message by message, and every button in order", async () => {
    await open({ place: "editor" });
    await post(
      page,
      show([asked, answer("a1", "[link](https://example.com)\n\n```ts\nx\n```\n"), question("q2", "And?"), answer("a2", "No.")]),
    );
    await page.locator(".token-keyword, .code-lines").first().waitFor();
    await page.locator("body").press("Tab");
    const names: string[] = [];
    for (let index = 0; index < 13; index += 1) {
      names.push(
        await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? ""),
      );
      await page.keyboard.press("Tab");
    }
    assert.deepEqual(names.slice(0, 13), [
      "New Chat",
      "Chat History",
      "Conversation",
      "Edit the question",
      "link",
      "Copy code",
      "Copy answer",
      "Answer again",
      "Edit the question",
      "Copy answer",
      "Answer again",
      "Your question",
      "Model: GPT-5 mini, OpenAI. Change it…",
    ]);
    await page.locator(".transcript").press("Control+ArrowUp");
    const focused = () =>
      page.evaluate(() => (document.activeElement instanceof HTMLElement ? document.activeElement.dataset["message"] : undefined));
    assert.equal(await focused(), "a2");
    await page.keyboard.press("Control+ArrowUp");
    await page.keyboard.press("Control+ArrowUp");
    assert.equal(await focused(), "a1");
    await page.keyboard.press("Control+ArrowDown");
    assert.equal(await focused(), "q2");
  });

  test("is outlined for screen readers: who speaks, in headings", async () => {
    await post(page, show([asked, answer("a1", "Because.")]));
    await page.getByText("Because.").waitFor();
    assert.deepEqual(await page.getByRole("heading").allInnerTexts(), ["Parsing durations", "You asked", "Answer of GPT-5 mini"]);
  });

  test("has its actions in the page, except in a view, whose title bar has them", async () => {
    await post(page, show([asked]));
    assert.equal(await page.getByRole("button", { name: "New Chat" }).count(), 0);
    await open({ place: "editor" });
    await post(page, show([asked]));
    await page.getByRole("button", { name: "New Chat" }).click();
    await page.getByRole("button", { name: "Chat History" }).click();
    await waitForPosted(page, "new-session");
    await waitForPosted(page, "pick-session");
  });

  test("moves nothing where motion is to be reduced, by the system or by the editor", async () => {
    const running = () => page.evaluate(() => document.getAnimations().length);
    await post(page, show([asked, streaming]), events("a1", [start, { type: "status", phase: "queued" }]));
    await page.getByText("Queued behind other requests").waitFor();
    assert.ok((await running()) > 0);
    await page.emulateMedia({ reducedMotion: "reduce" });
    assert.equal(await running(), 0);
    await open({ classes: "vscode-reduce-motion" });
    await post(page, show([asked, streaming]), events("a1", [start, { type: "status", phase: "queued" }]));
    await page.getByText("Queued behind other requests").waitFor();
    assert.equal(await running(), 0);
  });

  test("never scrolls sideways, whatever stands in it", async () => {
    const wide = `${"x".repeat(500)}\n\n\`\`\`\n${"y".repeat(500)}\n\`\`\`\n\n| ${"z".repeat(200)} | b |\n|---|---|\n| 1 | 2 |\n\n\`${"c".repeat(300)}\``;
    await page.setViewportSize({ width: 240, height: 500 });
    await post(page, show([question("q1", "x".repeat(500)), answer("a1", wide)]));
    await page.locator(".table-scroll").waitFor();
    const overflow = await page.evaluate(() => {
      const transcript = document.querySelector(".transcript");
      return {
        page: document.documentElement.scrollWidth - window.innerWidth,
        transcript: (transcript?.scrollWidth ?? 0) - (transcript?.clientWidth ?? 0),
      };
    });
    assert.deepEqual(overflow, { page: 0, transcript: 0 });
  });

  test("shows what the background process does only where it matters", async () => {
    await post(page, show([asked, answer("a1", "Because.")]));
    await post(page, { type: "sidecar", state: "starting" });
    await page.getByText("Because.").waitFor();
    assert.equal(await page.getByText("Starting…").count(), 0);
    await post(page, { type: "sidecar", state: "restarting" });
    await page.getByText("Starting it again").waitFor();
    await post(page, { type: "sidecar", state: "failed" });
    await page.getByRole("button", { name: "Restart" }).click();
    assert.deepEqual(await waitForPosted(page, "action"), { type: "action", action: "restart" });
    await post(page, { type: "sidecar", state: "ready" });
    await page.getByRole("button", { name: "Restart" }).waitFor({ state: "detached" });
  });

  test("that is not kept says so as long as that is so, and leads to the reason", async () => {
    await post(page, show([asked]), { type: "sidecar", state: "ready", notKept: "A file is in its place." });
    const line = page.getByText("Conversations are not kept");
    await line.waitFor();
    assert.equal(await line.getAttribute("title"), "A file is in its place.");
    await page.getByRole("button", { name: "Show Log" }).click();
    assert.deepEqual(await waitForPosted(page, "action"), { type: "action", action: "show-log" });
    await post(page, { type: "sidecar", state: "ready" });
    await line.waitFor({ state: "detached" });
  });
});
