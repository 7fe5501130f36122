// What a person sees when somebody removes the file of the conversations while a window has it open: words, and a way out.

import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { untilKept } from "../support/until-kept.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

const skip = process.platform === "win32" ? "Windows removes no file that is open" : false;

describe("A database that is removed while its window is open", { skip }, () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let fake: FakeProvider;
  let folder: string;

  before(async () => {
    workbench = await sharedWorkbench();
    folder = join(workbench.serverFolder, "data/User/globalStorage/parley.parley");
    chat = new ChatPanel(workbench);
    fake = await FakeProvider.start({ models: ["model-beside-a-removal"] });
    await chat.openAt(fake);
  });

  after(async () => {
    await fake.close();
    // What was set aside is nothing to the tests that come after this one.
    for (const name of readdirSync(folder)) if (name.includes("damaged")) rmSync(join(folder, name));
  });

  test("refuses the next question with words and Restart, which begins a new one; the question is not lost.", async () => {
    await chat.ask("Is this kept?");
    await chat.answered("You said: Is this kept?");
    await untilKept(workbench, "Is this kept?");
    rmSync(join(folder, "conversations.sqlite"));

    await chat.composer.fill("And this?");
    await chat.composer.press("Enter");
    const failure = chat.page.getByRole("group").filter({ hasText: "was removed or replaced while Parley had it open" });
    await failure.waitFor();
    await failure.getByText("The conversation could not be kept.").waitFor();
    assert.equal(await chat.composer.inputValue(), "And this?");
    assert.equal(fake.requests.filter(({ route }) => route === "openai-chat").length, 1, "no model was asked");
    await workbench.screenshot("removed-database");

    await failure.getByRole("button", { name: "Restart" }).click();
    await workbench.toast("was removed, and a new one is begun");
    // What was read last stays on the page; the store knows nothing of it any more.
    await chat.composer.press("Enter");
    await chat.page.getByText("This conversation does not exist any more.").waitFor();
    await chat.newChat();
    assert.equal(await chat.composer.inputValue(), "And this?");
    await chat.ask("And this?");
    await chat.answered("You said: And this?");
    await untilKept(workbench, "And this?");
    await workbench.clearNotifications();
  });
});
