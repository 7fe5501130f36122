// The composer and the first question.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { demoModel, post, show, waitForPosted } from "./chat-driver.ts";
import { composer, page, sent, useFreshPage } from "./page-under-test.ts";

describe("Asking", () => {
  useFreshPage();
  beforeEach(() => post(page, show([])));

  test("Enter sends the question, and the composer is empty for the next one", async () => {
    await composer().fill("  Why is the sky blue?  ");
    await composer().press("Enter");
    assert.deepEqual(await waitForPosted(page, "send"), { type: "send", text: "Why is the sky blue?" });
    assert.equal(await composer().inputValue(), "");
    await page.getByText("Sending…").waitFor();
  });

  test("Shift+Enter begins a new line", async () => {
    await composer().fill("one");
    await composer().press("Shift+Enter");
    await composer().pressSequentially("two");
    assert.equal(await composer().inputValue(), "one\ntwo");
    assert.deepEqual(await sent("send"), []);
  });

  test("Enter that ends the composition of an input method sends nothing", async () => {
    await composer().fill("にほん");
    for (const init of [{ isComposing: true }, { keyCode: 229 }]) {
      await composer().evaluate((input, how) => {
        input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...how }));
      }, init);
    }
    assert.deepEqual(await sent("send"), []);
  });

  test("nothing is sent without words, and the button says why", async () => {
    const send = page.getByRole("button", { name: "Send" });
    assert.equal(await send.getAttribute("title"), "Type a question first");
    await composer().press("Enter");
    await send.click({ force: true });
    assert.deepEqual(await sent("send"), []);
  });

  test("a question is sent before the model is known: the host finds one, or says what to do", async () => {
    await post(page, { type: "model", model: null });
    await page.getByRole("button", { name: "Choose Model…" }).first().waitFor();
    await composer().fill("Why?");
    await composer().press("Enter");
    assert.deepEqual(await sent("send"), [{ type: "send", text: "Why?" }]);
  });

  test("the composer grows with its text, up to a part of the page", async () => {
    const height = async (): Promise<number> => (await composer().boundingBox())?.height ?? 0;
    const one = await height();
    await composer().fill("a\nb\nc\nd");
    const four = await height();
    await composer().fill("line\n".repeat(100));
    const many = await height();
    assert.ok(one < four && four < many && many < 300, `${one} ${four} ${many}`);
  });

  test("a question that could not be sent comes back with the reason and what to do", async () => {
    await composer().fill("Why?");
    await composer().press("Enter");
    const failure = {
      summary: "The disk is full.",
      advice: "Free some space.",
      // What is to be tried again stands in the composer.
      actions: [
        { action: "retry", label: "Try Again" },
        { action: "show-log", label: "Show Log" },
      ],
    } as const;
    await post(page, { type: "not-sent", draft: "Why?", failure });
    await page.getByText("The disk is full.").waitFor();
    assert.equal(await composer().inputValue(), "Why?");
    assert.deepEqual(await page.locator(".card-actions .button").allInnerTexts(), ["Show Log"]);
    await page.getByRole("button", { name: "Show Log" }).click();
    assert.deepEqual(await waitForPosted(page, "action"), { type: "action", action: "show-log" });
  });

  test("an example is asked with one click", async () => {
    await page.getByRole("button", { name: /GraphQL/ }).click();
    assert.match((await waitForPosted(page, "send")).text, /REST and GraphQL/);
  });

  test("the demo says that it has no knowledge, and leads to a real model", async () => {
    await post(page, { type: "model", model: demoModel });
    await page.getByText("The built-in demo has no knowledge").waitFor();
    await page.getByRole("button", { name: "Choose a Real Model…" }).click();
    await waitForPosted(page, "pick-model");
    await page.getByRole("button", { name: "Add Server…" }).click();
    assert.deepEqual(await waitForPosted(page, "action"), { type: "action", action: "add-server" });
  });

  test("the host can put the cursor into the composer", async () => {
    await post(page, { type: "focus" });
    await page.waitForFunction(() => document.activeElement?.tagName === "TEXTAREA");
  });

  test("the draft reaches the host after a pause in typing, as it is then", async () => {
    await composer().pressSequentially("half a question");
    await page.waitForFunction(() => window.posted.some((message) => message.type === "draft" && message.text === "half a question"));
  });
});
