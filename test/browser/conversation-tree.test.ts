// The tree of a conversation as a person meets it: other words and other answers beside the old ones, also after a reload;
// Continue after the sidecar was killed; long conversations; search; titles.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { noProcessTree, sidecarPid } from "../support/process-tree.ts";
import { untilKept } from "../support/until-kept.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

describe("A conversation that branches", () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let fake: FakeProvider;
  const sent = (): string => fake.requests.at(-1)?.bodyText ?? "";

  before(async () => {
    workbench = await sharedWorkbench();
    chat = new ChatPanel(workbench);
    fake = await FakeProvider.start({ models: ["model-of-the-tree"] });
    const models = { "model-of-the-tree": { contextWindow: 4_000 } };
    await chat.openAt(fake, { "parley.servers": { here: { baseUrl: fake.baseUrl("openai-chat"), models } } });
  });
  beforeEach(() => fake.reset());
  after(() => fake.close());

  test("A question is edited, both versions can be shown, and the one shown last is there after a reload.", async () => {
    fake.enqueue({ text: "Green tea, at eighty degrees." }, { text: "Mint, with boiling water." });
    await chat.ask("How do I brew tea?");
    await chat.answered("Green tea, at eighty degrees.");
    const question = chat.questions.last();
    await question.hover();
    await question.getByRole("button", { name: "Edit the question" }).click();
    const editor = chat.page.getByRole("textbox", { name: "Edit the question" });
    assert.equal(await editor.inputValue(), "How do I brew tea?");
    await editor.fill("How do I brew mint?");
    await workbench.screenshot("tree-editing");
    await editor.press("Enter");
    await chat.shows("Mint, with boiling water.");
    assert.ok(sent().includes("How do I brew mint?") && !sent().includes("How do I brew tea?"));
    await question.getByText("2/2").waitFor();
    await workbench.screenshot("tree-versions");

    await question.getByRole("button", { name: "Previous version" }).click();
    await chat.shows("Green tea, at eighty degrees.");
    await workbench.reload();
    await chat.shows("Green tea, at eighty degrees.");
    await chat.questions.last().getByText("1/2").waitFor();
    fake.enqueue({ text: "Two minutes." });
    await chat.ask("How long?");
    await chat.shows("Two minutes.");
    assert.match(sent(), /How do I brew tea\?.*Green tea.*How long\?/);
    assert.ok(!sent().includes("mint"));
  });

  test("Another answer stands beside the first.", async () => {
    await chat.newChat();
    fake.enqueue({ text: "Once." }, { text: "Twice." });
    await chat.ask("How often?");
    await chat.answered("Once.");
    await chat.answer.getByRole("button", { name: "Answer again" }).click();
    await chat.shows("Twice.");
    await chat.answer.getByRole("button", { name: "Previous version" }).click();
    await chat.shows("Once.");
    assert.equal(await chat.answers.count(), 1);
  });

  test("After the sidecar was killed in mid-answer, Continue goes on where it was cut.", { skip: noProcessTree }, async () => {
    await chat.newChat();
    fake.enqueue({ steps: [{ text: "Warm the pot, " }, { gate: "never" }, { text: "never" }, { finish: "stop" }] });
    await chat.ask("How do I begin?");
    await chat.shows("Warm the pot,");
    await untilKept(workbench, "Warm the pot, ");
    process.kill(sidecarPid(workbench.serverPid), "SIGKILL");
    await chat.answer.getByRole("button", { name: "Continue", exact: true }).waitFor({ timeout: 60_000 });
    await workbench.screenshot("tree-interrupted");
    fake.enqueue({ text: "then pour." });
    await chat.answer.getByRole("button", { name: "Continue", exact: true }).click();
    await chat.shows("then pour.");
    await chat.answer.getByText("Continued").waitFor();
    await chat.answers.first().getByText("Warm the pot,").waitFor();
    assert.match(sent(), /How do I begin\?.*Warm the pot, .*Continue it from exactly where it ends/);
    await workbench.screenshot("tree-continued");
  });

  test("What outgrows the model's window is summarized by the model, which the panel shows where it happened.", async () => {
    await chat.newChat();
    const long = "Tea is dried in the sun for a day and then rolled by hand. ".repeat(105);
    fake.enqueue({ text: "Noted." }, { text: "They spoke of drying tea." }, { text: "In the sun." });
    await chat.ask(`Remember this: ${long}`);
    await chat.answered("Noted.");
    await chat.ask(`And this: ${long}`);
    await chat.shows("In the sun.");
    const row = chat.page.getByText("Earlier messages were summarized");
    await row.click();
    await chat.page.locator(".summary-text").getByText("They spoke of drying tea.").waitFor();
    await workbench.screenshot("tree-summarized");
    assert.ok(sent().includes("They spoke of drying tea.") && !sent().includes("Remember this:"));
    assert.equal(await chat.questions.count(), 2);
  });

  test("A conversation is found by what was said in it, and opened there.", async () => {
    await workbench.runCommand("Parley: Search Conversations…");
    await workbench.quickInputTitle("Search Conversations").waitFor();
    await workbench.fillQuickInput("boiling min");
    const hit = workbench.page.locator(".quick-input-list .monaco-list-row", { hasText: "Mint, with boiling water." });
    await hit.waitFor();
    await workbench.screenshot("tree-search");
    await hit.click();
    // It is on the branch that was left.
    await chat.shows("Mint, with boiling water.");
    await chat.questions.last().getByText("How do I brew mint?").waitFor();
  });

  test("With the setting, the model names the conversation after its first answer.", async () => {
    // The model's name tells when the settings count.
    workbench.writeSettings({ "parley.generateTitles": true, "parley.model": "here/model-with-titles" });
    await chat.newChat();
    await chat.waitForModel("model-with-titles");
    fake.enqueue({ text: "Seventy degrees." }, { text: '"Water for white tea"' });
    await chat.ask("How hot should the water for white tea be, if I may ask?");
    await chat.answered("Seventy degrees.");
    await chat.page.locator(".header-title").getByText("Water for white tea", { exact: true }).waitFor();
    workbench.writeSettings({ "parley.generateTitles": false });
  });
});
