// Prompts on the selected code, from the palette and from the editor's context menu.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { Locator } from "playwright-core";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

describe("Prompts on the selection", () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let fake: FakeProvider;

  before(async () => {
    workbench = await sharedWorkbench();
    chat = new ChatPanel(workbench);
    fake = await FakeProvider.start({ models: ["model-that-explains"] });
    await chat.openAt(fake);
    await workbench.openFile("src/order.ts");
  });
  beforeEach(async () => {
    fake.reset();
    // The first declaration: five lines.
    await line("export interface Tea").click();
    await workbench.page.keyboard.press("Control+Home");
    for (let count = 0; count < 5; count += 1) await workbench.page.keyboard.press("Shift+ArrowDown");
  });
  after(async () => {
    await workbench.closeEditors();
    await fake.close();
  });

  const line = (text: string): Locator => workbench.page.locator(".editor-instance .view-line", { hasText: text }).first();

  const checkAsked = async (question: RegExp): Promise<void> => {
    await chat.answer.locator(".answer-footer").waitFor();
    assert.equal(await chat.questions.count(), 1);
    await chat.questions.getByRole("button", { name: "src/order.ts:1-5" }).waitFor();
    await chat.questions.getByText(question).waitFor();
    const [request, ...more] = fake.requests;
    assert.equal(more.length, 0);
    assert.match(request?.bodyText ?? "", question);
    assert.match(request?.bodyText ?? "", /export interface Tea \{.*price: number/);
    assert.doesNotMatch(request?.bodyText ?? "", /export interface Line/);
  };

  test("Explain Selection from the palette answers in the chat, about the selected lines alone.", async () => {
    fake.enqueue({ text: "It describes **one tea** and its price." });
    await workbench.runCommand("Parley: Explain Selection");
    await chat.shows("It describes one tea and its price.");
    await checkAsked(/Explain this code/);
    await workbench.screenshot("prompts-explain");
  });

  test("Ask About Selection… from the context menu asks for the question, then answers in a conversation of its own.", async () => {
    await line("readonly price: number").click({ button: "right" });
    await workbench.page.locator(".monaco-menu").getByRole("menuitem", { name: "Parley" }).hover();
    const item = workbench.page.locator(".monaco-menu").getByRole("menuitem", { name: "Ask About Selection…" });
    await item.waitFor();
    await workbench.screenshot("prompts-context-menu");
    await item.click();
    await workbench.quickInputTitle("Ask About the Selection").waitFor();
    fake.enqueue({ text: "Cents have no rounding errors." });
    await workbench.fillQuickInput("Why is the price in cents?");
    await chat.shows("Cents have no rounding errors.");
    await checkAsked(/Why is the price in cents\?/);
  });

  test("A chip at the question opens the lines that it was about.", async () => {
    await workbench.closeEditors();
    await chat.questions.getByRole("button", { name: "src/order.ts:1-5" }).click();
    await line("export interface Tea").waitFor();
    await workbench.page.locator(".statusbar", { hasText: /Ln 5, Col/ }).waitFor();
  });
});
