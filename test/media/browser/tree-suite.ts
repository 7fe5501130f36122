// The tree of a conversation on the page: versions of questions and answers, answers that go on, summaries, earlier messages.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FailureWords, MessageView, ToWebview } from "../../../media/protocol.ts";
import { answer, events, post, question, SESSION, show, stored, turnWheel, waitForPosted, waitUntilSettled } from "./chat-driver.ts";
import { failureOf } from "./failure-of.ts";
import { asked, composer, end, open, page, sent, start, streaming, useFreshPage, words } from "./page-under-test.ts";

const cutOff: FailureWords = failureOf({ kind: "protocol", providerCode: "stream-cut", message: "The stream ended." });

/** Follow each other, as they are kept. */
function chained(...views: readonly MessageView[]): readonly MessageView[] {
  return views.map((view, index) => ({ ...view, stored: { ...view.stored, parent: views[index - 1]?.stored.id ?? null } }));
}

const messages = (views: readonly MessageView[], follows: string | null): ToWebview => ({
  type: "messages",
  session: SESSION,
  messages: views,
  follows,
});
const shownText = () => page.locator(".turn").allInnerTexts();
const focusedLabel = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));

describe("An earlier question", () => {
  useFreshPage();

  test("is edited in its place, and gives way to its other words only when they are kept", async () => {
    await post(page, show(chained(asked, answer("a1", "Because."), question("q2", "And when?"), answer("a2", "Never."))));
    await page.getByText("Never.").waitFor();
    await page.locator("[data-message=q2]").hover();
    await page.locator("[data-message=q2]").getByRole("button", { name: "Edit the question" }).click();
    const editor = page.getByRole("textbox", { name: "Edit the question" });
    assert.equal(await editor.inputValue(), "And when?");
    await editor.fill("And where?");
    await editor.press("Enter");
    assert.deepEqual(await waitForPosted(page, "edit"), { type: "edit", message: "q2", text: "And where?" });
    await page.getByText("Sending…").waitFor();
    await page.getByText("Never.").waitFor();
    const again = [
      question("q3", "And where?", { parent: "a1", siblings: ["q2", "q3"] }),
      answer("a3", "", { status: "streaming", parent: "q3" }),
    ];
    await post(page, messages(again, "a1"), events("a3", [start, words("Here."), end()]));
    await page.getByText("Here.").waitFor();
    assert.equal(await page.getByText("Never.").count(), 0);
    assert.equal(await page.getByText("Sending…").count(), 0);
    await page.locator("[data-message=q3]").getByText("2/2").waitFor();
  });

  test("stays open with its words and the reason where they could not be kept; Escape leaves it as it was", async () => {
    await post(page, show(chained(asked, answer("a1", "Because."))));
    await composer().press("ArrowUp");
    const editor = page.getByRole("textbox", { name: "Edit the question" });
    await editor.fill("Why not?");
    await editor.press("Enter");
    await waitForPosted(page, "edit");
    await post(page, { type: "not-edited", message: "q1", text: "Why not?", failure: { summary: "No disk.", advice: "", actions: [] } });
    await page.getByText("No disk.").waitFor();
    assert.equal(await editor.inputValue(), "Why not?");
    await editor.press("Escape");
    await page.locator("[data-message=q1]").getByText("Why?").waitFor();
    assert.equal(await editor.count(), 0);
    assert.equal((await sent("stop")).length, 0);
    await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Your question");
  });

  test("cannot be edited or gone between while an answer runs, and says so", async () => {
    await post(page, show(chained({ stored: { ...asked.stored, siblings: ["q0", "q1"] } }, streaming)));
    const edit = page.getByRole("button", { name: "Edit the question" });
    const waits = "Wait until the answer is complete, or stop it with Escape";
    assert.deepEqual([await edit.getAttribute("aria-disabled"), await edit.getAttribute("title")], ["true", waits]);
    await edit.click({ force: true });
    await page.getByRole("button", { name: "Previous version" }).click({ force: true });
    assert.equal(await page.getByRole("textbox", { name: "Edit the question" }).count(), 0);
    assert.equal((await sent("select")).length, 0);
  });
});

describe("Versions", () => {
  useFreshPage();

  test("of an answer are gone between by their switch, which keeps the focus", async () => {
    const siblings = ["a1", "a2", "a3"];
    await post(page, show(chained(asked, answer("a2", "Second.", { siblings }))));
    await page.getByText("2/3").waitFor();
    const previous = page.getByRole("button", { name: "Previous version" });
    await previous.focus();
    await page.keyboard.press("Enter");
    assert.deepEqual(await waitForPosted(page, "select"), { type: "select", message: "a1" });
    await post(page, show(chained(asked, answer("a1", "First.", { siblings }))));
    await page.getByText("1/3").waitFor();
    // There is no version before the first, so the focus is on the way back.
    await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Next version");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => window.posted.filter(({ type }) => type === "select").length === 2);
    await post(page, show(chained(asked, answer("a2", "Second.", { siblings }))));
    await page.getByText("2/3").waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Next version");
    assert.equal(await focusedLabel(), "Next version");
    assert.equal(await previous.getAttribute("aria-disabled"), "false");
  });

  test("are asked for by a button at each answer", async () => {
    await post(page, show(chained(asked, answer("a1", "Because."))));
    await page.getByRole("button", { name: "Answer again" }).click();
    assert.deepEqual(await waitForPosted(page, "action"), { type: "action", action: "retry", message: "a1" });
    await post(page, messages([answer("a2", "", { status: "streaming", parent: "q1", siblings: ["a1", "a2"] })], "q1"));
    await post(page, events("a2", [start, words("Therefore."), end()]));
    await page.getByText("2/2").waitFor();
    assert.ok(!(await shownText()).join("").includes("Because."));
  });
});

describe("An answer that was cut", () => {
  useFreshPage();

  test("has Continue, whatever cut it; what comes then stands below it, marked", async () => {
    for (const [status, extra] of [
      ["cancelled", {}],
      ["incomplete", { failure: cutOff }],
      ["error", {}],
      ["complete", { finishReason: "length" }],
    ] as const) {
      const { failure, ...rest } = { failure: undefined, ...extra };
      const cut = answer("a1", "Half of", { finishReason: null, status, ...rest });
      await open();
      await post(page, show(chained(asked, failure === undefined ? cut : { ...cut, failure })));
      await page.getByRole("button", { name: "Continue", exact: true }).click();
      assert.deepEqual(await waitForPosted(page, "continue"), { type: "continue", message: "a1" });
    }
    await post(page, messages([answer("a2", "", { status: "streaming", parent: "a1" })], "a1"));
    await post(page, events("a2", [start, words(" it."), end()]));
    await page.locator("[data-message=a2]").getByText("Continued").waitFor();
    await page.locator("[data-message=a1]").getByText("goes on below").waitFor();
    assert.equal(await page.getByRole("button", { name: "Continue", exact: true }).count(), 0);
    await page.getByText("Half of").waitFor();
  });

  test("has words that name its first button: to continue where it said something, else to try again", async () => {
    const told = async (text: string, failure?: FailureWords): Promise<readonly string[]> => {
      const cut = answer("a1", text, { finishReason: null, status: "incomplete" });
      await open();
      await post(page, show(chained(asked, failure === undefined ? cut : { ...cut, failure })));
      await page.locator(".card").waitFor();
      return [await page.locator(".card-text").innerText(), ...(await page.locator(".card-actions .button").allInnerTexts())];
    };
    assert.deepEqual(await told("Half of", cutOff), ["What had come is kept. Continue the answer.", "Continue", "Try Again"]);
    assert.deepEqual(await told("Half of"), ["Continue the answer.", "Continue", "Try Again"]);
    const tooLong = await told("Half of", failureOf({ kind: "context-length", message: "too long" }));
    assert.deepEqual(tooLong.slice(1), ["Select Model…", "Continue"]);
    assert.match(tooLong[0] ?? "", /"Parley: Select Model"[^]* Then continue the answer\.$/u);
    assert.deepEqual(await told("", cutOff), ["Try again.", "Try Again"]);
    assert.deepEqual(await told(" \n"), ["Try again.", "Try Again"]);
  });

  test("inside a block of code goes on as code", async () => {
    const cut = answer("a1", "So:\n\n```ts\nconst first = 1;\n", { finishReason: null, status: "cancelled" });
    await post(page, show(chained(asked, cut, answer("a2", "const second = 2;\n```\n\nDone."))));
    await page.locator("[data-message=a2] .code-block").getByText("const second = 2;").waitFor();
    await page.locator("[data-message=a2] p").getByText("Done.").waitFor();
  });

  test("has none where it said nothing", async () => {
    await post(page, show(chained(asked, answer("a1", "", { finishReason: null, status: "cancelled" }))));
    await page.getByRole("button", { name: "Try Again" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Continue", exact: true }).count(), 0);
  });
});

describe("A long conversation", () => {
  useFreshPage();

  test("shows where a summary stands for what is above, and what it says", async () => {
    const summary: MessageView = {
      stored: stored(
        "s1",
        { message: { role: "system", content: [{ type: "text", text: "They spoke of tea." }] } },
        { parent: "a1", model: "openai/gpt-5" },
      ),
    };
    await post(page, show(chained(asked, answer("a1", "Because."), question("q2", "And?"), streaming)));
    await post(page, events("a1", [start, { type: "status", phase: "summarizing" }]));
    await post(page, { type: "summary", session: SESSION, message: summary });
    await page.getByText("Earlier messages were summarized").click();
    await page.getByText("They spoke of tea.").waitFor();
    await page.getByText("Summarized by gpt-5", { exact: true }).waitFor();
    const order = await page.locator("[data-message]").evaluateAll((turns) => turns.map((turn) => turn.getAttribute("data-message")));
    assert.deepEqual(order.slice(0, 4), ["q1", "a1", "s1", "q2"]);
  });

  const turn = (index: number): readonly MessageView[] => [
    question(`q${index}`, `Question ${index}?`),
    answer(`b${index}`, `Answer ${index}.\n\n${"Some words about it. ".repeat(40)}`),
  ];
  const pageOf = (from: number, count: number) => Array.from({ length: count }, (_, index) => turn(from + index)).flat();
  const showNewest = async (): Promise<void> => {
    const newest = show(pageOf(100, 32));
    assert.ok(newest.type === "show" && newest.session !== null);
    await post(page, { ...newest, session: { ...newest.session, hasEarlier: true } });
    await page.getByText("Answer 131.").waitFor();
  };

  test("is given page by page as the reader goes back, and stays where they are", async () => {
    await showNewest();
    assert.equal((await sent("earlier")).length, 0);
    await page.locator(".transcript").hover();
    // Not all at once: at the very top the browser keeps no place.
    for (let turns = 0; turns < 40 && (await sent("earlier")).length === 0; turns += 1) await turnWheel(page, -1_500);
    await waitForPosted(page, "earlier");
    const place = () =>
      page.evaluate(() => {
        const view = document.querySelector(".transcript")?.getBoundingClientRect().top ?? 0;
        const first = Array.from(document.querySelectorAll("[data-message]")).find((one) => one.getBoundingClientRect().bottom > view);
        return { message: first?.getAttribute("data-message"), top: (first?.getBoundingClientRect().top ?? 0) - view };
      });
    await waitUntilSettled(page);
    const before = await place();
    await post(page, { type: "earlier", session: SESSION, messages: pageOf(70, 30), hasEarlier: false });
    await page.waitForFunction(() => document.querySelector("[data-messages~=q70]") !== null);
    await waitUntilSettled(page);
    const after = await place();
    assert.equal(after.message, before.message);
    assert.ok(Math.abs(after.top - before.top) < 40, `${after.top} was ${before.top}`);
    assert.equal(await page.getByText("Earlier messages…").count(), 0);
    assert.equal((await sent("earlier")).length, 1);
  });

  test("stays where the reader is at its very top, and asks for no more than one page there", async () => {
    await showNewest();
    await page.locator(".transcript").press("Home");
    await waitForPosted(page, "earlier");
    await page.waitForFunction(() => document.querySelector(".transcript")?.scrollTop === 0);
    await waitUntilSettled(page);
    const topOf = (message: string) => page.locator(`[data-message=${message}]`).evaluate((turn) => turn.getBoundingClientRect().top);
    const before = await topOf("q100");
    await post(page, { type: "earlier", session: SESSION, messages: pageOf(70, 30), hasEarlier: true });
    await page.waitForFunction(() => document.querySelector("[data-messages~=q70]") !== null);
    await waitUntilSettled(page);
    assert.ok(Math.abs((await topOf("q100")) - before) < 40, `${await topOf("q100")} was ${before}`);
    assert.equal((await sent("earlier")).length, 1);
  });

  test("opens at what was searched for", async () => {
    const views = Array.from({ length: 30 }, (_, index) => [
      question(`q${index}`, `Question ${index}?`),
      answer(`b${index}`, `Answer ${index}.`),
    ]).flat();
    const shown = show(views);
    assert.ok(shown.type === "show" && shown.session !== null);
    await post(page, { ...shown, session: { ...shown.session, reveal: "q3" } });
    await page.waitForFunction(() => {
      const found = document.querySelector("[data-message=q3]")?.getBoundingClientRect();
      return (
        found !== undefined &&
        found.top >= 0 &&
        found.bottom < window.innerHeight &&
        document.activeElement?.getAttribute("data-message") === "q3"
      );
    });
  });
});

describe("An answer of another window", () => {
  useFreshPage();

  test("is called so, is not stopped from here, and takes no second question", async () => {
    await post(page, show(chained(asked, { ...streaming, elsewhere: true })));
    await page.getByText("Another window is writing this answer.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Stop" }).count(), 0);
    await composer().fill("And?");
    await composer().press("Enter");
    await composer().press("Escape");
    assert.equal(
      await page.getByRole("button", { name: "Send" }).getAttribute("title"),
      "Another window is answering in this conversation",
    );
    assert.deepEqual([(await sent("send")).length, (await sent("stop")).length], [0, 0]);
    await post(page, show(chained(asked, answer("a1", "Because."))));
    await page.getByText("Because.").waitFor();
    await composer().press("Enter");
    await waitForPosted(page, "send");
  });
});
