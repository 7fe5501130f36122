// Conversations after they were left: the list, renaming, deleting; and the document of a summary after a reload.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { until } from "../support/until.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

describe("Conversations", () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let fake: FakeProvider;

  const list = async (): Promise<void> => {
    await workbench.runCommand("Parley: Open Conversation…");
    await workbench.quickInputTitle("Conversations").waitFor();
  };

  before(async () => {
    workbench = await sharedWorkbench();
    chat = new ChatPanel(workbench);
    fake = await FakeProvider.start({ models: ["model-that-remembers"] });
    await chat.openAt(fake);
  });

  after(async () => {
    await workbench.closeEditors();
    await fake.close();
  });

  test("An earlier conversation is opened from the list, and goes on where it was.", async () => {
    fake.enqueue({ text: "Two leaves and a bud." });
    await chat.ask("What is plucked?");
    await chat.answered();
    await chat.newChat();
    fake.enqueue({ text: "At ninety degrees." });
    await chat.ask("How hot is the water?");
    await chat.answered();

    await list();
    await workbench.quickInputRow("What is plucked?").click();
    await chat.shows("Two leaves and a bud.");
    fake.enqueue({ text: "In spring." });
    await chat.ask("And when?");
    await chat.shows("In spring.");
    assert.match(fake.requests.at(-1)?.bodyText ?? "", /What is plucked\?.*Two leaves and a bud\..*And when\?/);
  });

  test("A conversation is renamed and deleted in the list; the one that is shown gives way to an empty one, and Undo brings it back.", async () => {
    await list();
    await workbench.quickInputRow("How hot is the water?").hover();
    await workbench.quickInputRow("How hot is the water?").getByRole("button", { name: "Rename" }).click();
    await workbench.quickInputTitle("Rename").waitFor();
    await workbench.fillQuickInput("Temperatures");
    await workbench.quickInputRow("Temperatures").waitFor();
    await workbench.screenshot("conversations-list");

    await workbench.quickInputRow("What is plucked?").hover();
    await workbench.quickInputRow("What is plucked?").getByRole("button", { name: "Delete" }).click();
    await workbench.quickInputRow("Temperatures").waitFor();
    await until(
      async () => (await workbench.page.locator(".quick-input-list").getByText("What is plucked?").count()) === 0,
      "the row to go",
    );
    await workbench.page.keyboard.press("Escape");
    await chat.page.locator(".empty").waitFor();
    const toast = await workbench.toast("was deleted.");
    await workbench.screenshot("conversations-undo");
    await toast.getByRole("button", { name: "Undo" }).click();
    await chat.shows("In spring.");
  });

  test("The document of a summary can be saved, and is there again after a reload.", async () => {
    await workbench.closeEditors();
    await workbench.openFile("src/order.ts");
    fake.enqueue({ text: "It sells tea." });
    await workbench.runCommand("Parley: Summarize Open Files");
    const toast = await workbench.toast("1 of 1 files summarized.");
    await toast.getByRole("button", { name: "Save…" }).click();
    const name = "Summary of 1 open file.md";
    await workbench.acceptPlace(name);
    const saved = join(workbench.workspaceFolder, name);
    await until(() => existsSync(saved) && readFileSync(saved, "utf8").includes("## src/order.ts\n\nIt sells tea.\n"), "the file");

    await workbench.page.locator(".tabs-container .tab", { hasText: name }).first().click();
    await workbench.reloadWindow();
    // The editor is there long before its extensions, of which one must bring the document.
    await workbench.editorShows("## src/order.ts\n\nIt sells tea.", 90_000);
  });
});
