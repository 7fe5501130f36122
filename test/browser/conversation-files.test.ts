// Conversations as files, and the end of them all: what a person chooses and is asked.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

describe("Conversations as files", () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let fake: FakeProvider;
  let file: string;
  let store: string;

  const importFile = async (name: string): Promise<void> => {
    await workbench.runCommand("Parley: Import Conversation…");
    await workbench.quickInputTitle("Import Conversations").waitFor();
    await workbench.pick(name);
  };

  before(async () => {
    workbench = await sharedWorkbench();
    chat = new ChatPanel(workbench);
    fake = await FakeProvider.start({ models: ["model-that-is-exported"] });
    await chat.openAt(fake);
    file = join(workbench.workspaceFolder, "How is it dried.md");
  });

  after(async () => {
    await workbench.closeEditors();
    await fake.close();
  });

  test("The conversation shown is exported under its title, and opened.", async () => {
    fake.enqueue({ text: "Two leaves and a bud." });
    await chat.ask("How is it dried?");
    await chat.answered();
    await workbench.runCommand("Parley: Export Conversation…");
    await workbench.acceptPlace("How is it dried.md");
    const toast = await workbench.toast("was exported to How is it dried.md");
    await workbench.screenshot("conversation-exported");
    await toast.getByRole("button", { name: "Open" }).click();
    await workbench.editorShows("Two leaves and a bud.");
    assert.match(readFileSync(file, "utf8"), /^---\nparley: conversation\/1\n/u);
    await workbench.closeEditors();
  });

  test("The store's path is in the clipboard, for the command line.", async () => {
    await workbench.runCommand("Parley: Copy Store Path");
    await workbench.toast("Copied: ");
    const path = await workbench.page.evaluate("navigator.clipboard.readText()");
    assert.ok(typeof path === "string" && existsSync(join(path, "conversations.sqlite")), String(path));
    store = path;
  });

  test("All history is deleted after a question, and an export brings a conversation back.", async () => {
    await workbench.runCommand("Parley: Delete All History…");
    const dialog = workbench.page.locator(".monaco-dialog-box");
    await dialog.getByText("Delete all conversations on this machine?").waitFor();
    await workbench.screenshot("delete-all-history");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "detached" });
    await chat.shows("Two leaves and a bud.");

    await workbench.runCommand("Parley: Delete All History…");
    await dialog.getByRole("button", { name: "Delete All" }).click();
    await chat.page.locator(".empty").waitFor();
    await workbench.toast(/Conversations deleted: [1-9]\d*\./u);
    // The next test looks for another of the kind.
    await workbench.clearNotifications();

    await importFile("How is it dried.md");
    await chat.shows("Two leaves and a bud.");
    fake.enqueue({ text: "In spring." });
    await chat.ask("And when?");
    await chat.shows("In spring.");
    assert.match(fake.requests.at(-1)?.bodyText ?? "", /How is it dried\?.*Two leaves and a bud\..*And when\?/u);
    assert.deepEqual(
      readdirSync(workbench.workspaceFolder).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });

  test("Conversations of long ago are deleted after a question, and no others.", async () => {
    // The sidecar writes to it, too.
    const database = new DatabaseSync(join(store, "conversations.sqlite"), { timeout: 20_000 });
    const titles = () => database.prepare("SELECT title FROM sessions WHERE deleted_at IS NULL ORDER BY title").all();
    const told = () => titles().map(({ title }) => String(title));
    await chat.newChat();
    fake.enqueue({ text: "In autumn." });
    await chat.ask("Is it picked again?");
    await chat.answered();
    const longAgo = Date.now() - 400 * 86_400_000;
    database.prepare("UPDATE sessions SET updated_at = ? WHERE title = 'How is it dried?'").run(longAgo);
    assert.deepEqual(told(), ["How is it dried?", "Is it picked again?"]);

    await workbench.runCommand("Parley: Delete Old Conversations…");
    await workbench.quickInputTitle("Delete Old Conversations").waitFor();
    await workbench.pick("Not changed for 365 days");
    const dialog = workbench.page.locator(".monaco-dialog-box");
    await dialog.getByText("Delete all conversations that were not changed for 365 days?").waitFor();
    await workbench.screenshot("delete-old-conversations");
    await dialog.getByRole("button", { name: "Delete" }).click();
    await workbench.toast("Conversations deleted: 1.");
    assert.deepEqual(told(), ["Is it picked again?"]);
    await chat.shows("In autumn.");
    database.close();
  });

  test("A file that is no conversation is refused with the place where it goes wrong.", async () => {
    await importFile("README.md");
    await workbench.toast(/The file was not imported\. Line 1: /u);
    // It would stand over the editor in the files that follow.
    await workbench.clearNotifications();
  });
});
