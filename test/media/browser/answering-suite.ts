// What a person sees and does while an answer comes, and how the page and its host keep in step.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { answer, events, post, SESSION, show, waitForPosted } from "./chat-driver.ts";
import { asked, composer, end, openPrepared, page, sent, start, streaming, untilApplied, useFreshPage, words } from "./page-under-test.ts";

describe("Answering", () => {
  useFreshPage();
  beforeEach(() => post(page, show([asked, streaming])));

  test("words are on the page when they are acknowledged, before the answer is complete", async () => {
    await post(page, events("a1", [start, words("The **first"), words(" words")]));
    await untilApplied(3);
    await page.getByText("The first words").waitFor();
    assert.equal(await page.locator("strong").innerText(), "first words");
    await post(page, events("a1", [words("** and the last."), end()], 4));
    await untilApplied(5);
    await page.getByText("The first words and the last.").waitFor();
    assert.deepEqual(
      (await sent("applied")).map((message) => (message.type === "applied" ? message.seq : 0)),
      [3, 5],
    );
  });

  test("the footer tells model, tokens and time, and Copy gives the answer as it was written", async () => {
    await post(page, events("a1", [start, words("It **is**."), end()]));
    await page.getByText("10 → 20 tokens").waitFor();
    const footer = page.locator(".answer-footer");
    assert.equal((await footer.innerText()).replaceAll("\n", " · "), "GPT-5 mini · 10 → 20 tokens · 1.2 s");
    await page.getByRole("button", { name: "Copy answer" }).click();
    assert.deepEqual(await waitForPosted(page, "copy"), { type: "copy", text: "It **is**." });
    await page.getByRole("status").filter({ hasText: "Copied" }).waitFor();
  });

  test("Stop takes the place of Send, and stops; so does Escape, from anywhere", async () => {
    const stop = page.getByRole("button", { name: "Stop" });
    await stop.click();
    assert.deepEqual(await waitForPosted(page, "stop"), { type: "stop", message: "a1" });
    await page.locator(".transcript").press("Escape");
    assert.equal((await sent("stop")).length, 2);
    await post(page, events("a1", [start, words("Half"), end("cancelled")]));
    await page.getByText("You stopped this answer.").waitFor();
    assert.equal(await stop.count(), 0);
    await page.locator(".transcript").press("Escape");
    assert.equal((await sent("stop")).length, 2);
    await page.getByRole("button", { name: "Try Again" }).click();
    assert.deepEqual(await waitForPosted(page, "action"), { type: "action", action: "retry", message: "a1" });
  });

  test("what can be done about a stopped answer stands beside its words, or together below them where it has no room there", async () => {
    await post(page, events("a1", [start, words("Half"), end("cancelled")]));
    const parts = page.locator(".notice-line > span:first-child, .notice-line > button");
    await parts.nth(2).waitFor();
    const starts = async () => parts.evaluateAll((all) => all.map((part) => part.getBoundingClientRect()).map(({ x, y }) => ({ x, y })));
    await page.setViewportSize({ width: 500, height: 600 });
    const wide = await starts();
    assert.deepEqual(
      wide.map(({ y }) => y),
      wide.map(() => wide[0]?.y),
    );
    await page.setViewportSize({ width: 300, height: 600 });
    const [told, goOn, again] = await starts();
    assert.ok(told !== undefined && goOn !== undefined && again !== undefined);
    assert.ok(goOn.y > told.y && goOn.y === again.y, JSON.stringify([told, goOn, again]));
    assert.equal(goOn.x, told.x);
  });

  test("meanwhile the next questions are lined up, and can be taken back or removed, with Stop beside them", async () => {
    await composer().fill("And then?");
    await page.getByRole("button", { name: "Stop" }).waitFor();
    await composer().press("Enter");
    assert.deepEqual(await waitForPosted(page, "queue"), { type: "queue", text: "And then?" });
    assert.deepEqual([await composer().inputValue(), await sent("send")], ["", []]);
    // Until the host has it, it is kept as the draft is.
    assert.match(JSON.stringify(await page.evaluate(() => window.savedState)), /"draft":"And then\?"/);
    const prompts = [
      { id: "p1", text: "And then?" },
      { id: "p2", text: "And after that?" },
    ];
    await post(page, { type: "queue", session: SESSION, prompts, paused: false });
    const rows = page.getByRole("list", { name: "Questions that are sent next" }).getByRole("listitem");
    await rows.nth(1).waitFor();
    assert.deepEqual(await rows.allInnerTexts(), ["Next:\nAnd then?", "And after that?"]);
    assert.match(JSON.stringify(await page.evaluate(() => window.savedState)), /"draft":""/);
    assert.equal(await page.getByRole("button", { name: "Send Now" }).count(), 0);
    await rows.first().getByRole("button", { name: "Remove" }).click();
    assert.deepEqual(await waitForPosted(page, "unqueue"), { type: "unqueue", prompt: "p1" });
    await composer().fill("typed since");
    await rows.nth(1).getByRole("button", { name: "Take it back" }).click();
    assert.equal((await sent("unqueue")).length, 2);
    assert.equal(await composer().inputValue(), "And after that?\ntyped since");
    await page.getByRole("button", { name: "Send after this answer" }).click();
    assert.equal((await sent("queue")).length, 2);
    await composer().press("Escape");
    assert.deepEqual(await waitForPosted(page, "stop"), { type: "stop", message: "a1" });
  });

  test("what was lined up behind an answer that did not end well waits to be sent by hand", async () => {
    const prompts = [{ id: "p1", text: "And then?" }];
    await post(page, events("a1", [start, words("Half"), end("cancelled")]), { type: "queue", session: SESSION, prompts, paused: true });
    await page.getByText("Next (waits for you):").waitFor();
    await page.getByRole("button", { name: "Send Now" }).click();
    await waitForPosted(page, "send-queued");
    await composer().fill("Something else");
    await composer().press("Enter");
    assert.deepEqual(await waitForPosted(page, "send"), { type: "send", text: "Something else" });
  });

  test("what it waits for is told: phase, progress, and the time that is left", async () => {
    await post(page, events("a1", [start, { type: "status", phase: "loading-model", progress: 0.4 }]));
    await page.getByText("Loading the model, 40 %").waitFor();
    assert.equal(await page.getByRole("progressbar").getAttribute("value"), "0.4");
    await post(page, events("a1", [{ type: "status", phase: "retrying", untilMs: Date.now() + 90_000 }], 3));
    await page.getByText(/Trying again in 1 min \d+ s/).waitFor();
    await post(page, events("a1", [words("Here.")], 4));
    await page.getByText("Here.").waitFor();
    assert.equal(await page.getByText("Trying again").count(), 0);
  });

  test("words too long for one line stand beside their sign, not below it", async () => {
    await page.setViewportSize({ width: 260, height: 760 });
    await post(page, events("a1", [start, { type: "status", phase: "summarizing" }]));
    const words = page.locator(".status-words").getByText("Summarizing earlier messages");
    await words.waitFor();
    const [beside, sign] = [await words.boundingBox(), await page.locator(".status-line .codicon").boundingBox()];
    assert.ok(beside !== null && sign !== null && beside.height > 2 * sign.height, "several lines");
    assert.ok(beside.y <= sign.y && beside.x >= sign.x + sign.width, JSON.stringify([beside, sign]));
  });

  test("reasoning is folded, with its last line as a hint while it goes on", async () => {
    await post(page, events("a1", [start, { type: "reasoning-delta", text: "First **this**.\nThen that" }]));
    const fold = page.getByRole("button", { name: /Thinking/ });
    await fold.waitFor();
    assert.match(await fold.innerText(), /Then that/);
    assert.equal(await page.locator(".reasoning-text").count(), 0);
    await fold.click();
    assert.equal(await page.locator(".reasoning-text strong").innerText(), "this");
    assert.equal(await fold.getAttribute("aria-expanded"), "true");
    await page.evaluate(() => {
      const { now } = Date;
      Date.now = () => now() + 60_000;
    });
    await post(page, events("a1", [words("So."), end()], 3));
    await page.getByRole("button", { name: /Thought for 1 min/ }).waitFor();
  });

  test("reasoning that came together with the answer is given no time, which nobody knows", async () => {
    await post(page, events("a1", [start, { type: "reasoning-delta", text: "First this." }, words("So."), end()]));
    await page.getByText("So.", { exact: true }).waitFor();
    assert.equal(await page.locator(".reasoning .fold-label").innerText(), "Reasoning");
  });

  test("a failure shows what happened, what to do, and the provider's words folded", async () => {
    const failure = {
      summary: "The key was refused.",
      advice: "Enter another.",
      detail: "HTTP 401 invalid_api_key",
      actions: [
        { action: "set-key", label: "Set API Key…" },
        { action: "retry", label: "Try Again" },
      ],
    } as const;
    const last = events("a1", [start, words("Half"), end("error")]);
    await post(page, last.type === "events" ? { ...last, failure } : last);
    await page.locator(".card-title").getByText("The key was refused.").waitFor();
    await page.getByText("Half").waitFor();
    assert.equal(await page.getByText("HTTP 401").isVisible(), false);
    await page.getByText("Details").click();
    assert.equal(await page.getByText("HTTP 401").isVisible(), true);
    await page.getByRole("button", { name: "Set API Key…" }).click();
    assert.deepEqual(await waitForPosted(page, "action"), { type: "action", action: "set-key", message: "a1" });
  });

  test("screen readers hear that it answers and how it ended, never each word", async () => {
    const status = page.locator("[role=status][aria-live=polite]");
    assert.equal(await page.getByRole("log").getAttribute("aria-live"), "off");
    await status.filter({ hasText: /^Answering$/ }).waitFor({ state: "attached" });
    await post(page, events("a1", [start, words("Word"), words(" by word")]));
    await untilApplied(3);
    assert.equal(await status.innerText(), "Answering");
    await post(page, events("a1", [end()], 4));
    await status.filter({ hasText: /^Answer complete$/ }).waitFor({ state: "attached" });
  });

  test("a block of code is coloured when it is closed, and copied as it was written", async () => {
    await post(page, events("a1", [start, words('```ts\nconst a = "<b>";\n')]));
    await page.getByText("const a").waitFor();
    assert.equal(await page.locator(".token-keyword").count(), 0);
    assert.equal(await page.getByRole("button", { name: "Copy code" }).count(), 0);
    await post(page, events("a1", [words("```\n")], 3));
    await page.locator(".token-keyword").waitFor();
    const signs = await page.locator(".code-copy .codicon").evaluateHandle((icon) => {
      // Whoever looks now and then may miss the one that stands for a moment.
      const seen: string[] = [];
      new MutationObserver(() => seen.push(icon.className)).observe(icon, { attributeFilter: ["class"] });
      return seen;
    });
    await page.getByRole("button", { name: "Copy code" }).click();
    assert.deepEqual(await waitForPosted(page, "copy"), { type: "copy", text: 'const a = "<b>";\n' });
    await page.waitForFunction((seen) => seen.length === 2, signs);
    assert.deepEqual(await signs.jsonValue(), ["codicon codicon-check", "codicon codicon-copy"]);
  });

  test("a link is opened by the host, by mouse and by keyboard, and by nothing else", async () => {
    await post(page, events("a1", [start, words("See [this](https://example.com/a) and [that](command:x)."), end()]));
    const link = page.getByRole("link", { name: "this" });
    await link.click();
    assert.deepEqual(await waitForPosted(page, "open-link"), { type: "open-link", url: "https://example.com/a" });
    await link.press("Enter");
    assert.equal((await sent("open-link")).length, 2);
    await page.getByText("that").click();
    assert.equal((await sent("open-link")).length, 2);
    assert.equal(await page.getByRole("link").count(), 1);
  });
});

describe("The stream of events", () => {
  useFreshPage();
  test("that has a gap is asked for anew, and shown without loss or repetition", async () => {
    await post(page, show([asked, streaming]), events("a1", [start, words("One ")]), events("a1", [words("three ")], 4));
    await page.waitForFunction(() => window.posted.filter(({ type }) => type === "ready").length === 2);
    await post(page, show([asked, streaming]), events("a1", [start, words("One "), words("two "), words("three "), words("four")]));
    await untilApplied(5);
    await page.getByText("One two three four", { exact: true }).waitFor();
  });

  test("is applied and acknowledged though the page is hidden and draws no frames", async () => {
    await openPrepared(() => {
      Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
      window.requestAnimationFrame = () => 0;
    });
    await post(page, show([asked, streaming]));
    for (let seq = 2; seq < 200; seq += 2) {
      await post(page, events("a1", seq === 2 ? [start, words("x")] : [words("x"), words("x")], seq - 1));
    }
    await untilApplied(198);
    await page.waitForFunction(() => document.querySelector(".markdown")?.textContent?.length === 197, null, { polling: 50 });
  });

  test("is acknowledged though no frame is drawn in a page that calls itself visible", async () => {
    await openPrepared(() => {
      window.requestAnimationFrame = () => 0;
    });
    await post(page, show([asked, streaming]), events("a1", [start, words("Hello")]));
    await untilApplied(2);
    await page.getByText("Hello").waitFor();
  });

  test("of an answer that the page already shows in part goes on when the page is built anew", async () => {
    await post(page, show([asked, answer("a1", "One tw", { status: "streaming" })]));
    await page.getByText("One tw").waitFor();
    await post(page, events("a1", [start, words("One two three")]));
    await page.getByText("One two three", { exact: true }).waitFor();
  });
});
