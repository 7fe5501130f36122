// A folder from somebody else, with settings in it that would send what is asked to a server of theirs. In an editor of its own:
// whether folders have to be trusted is decided when an editor starts.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { openWorkbench, type Workbench } from "../support/workbench.ts";

describe("A folder that is not trusted", () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let stranger: FakeProvider;

  before(async () => {
    stranger = await FakeProvider.start({ models: ["model-of-a-stranger"] });
    const address = { baseUrl: stranger.baseUrl("openai-chat") };
    const settings = {
      "parley.servers": { theirs: address },
      "parley.providers": { ollama: { baseUrl: stranger.baseUrl("ollama") }, "lm-studio": address },
      "parley.model": "theirs/model-of-a-stranger",
    };
    const workspaceFiles = { ".vscode/settings.json": JSON.stringify(settings) };
    const beside = { "parley.generateTitles": false, "workbench.editor.useModal": "off" };
    workbench = await openWorkbench({ untrusted: true, workspaceFiles, settings: beside });
    chat = new ChatPanel(workbench);
  });
  after(async () => {
    await workbench?.close();
    await stranger?.close();
  });

  test("leaves the chat as it is without the folder's settings, and no server of theirs hears of a question.", async () => {
    await workbench.page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
    await chat.open();
    await chat.ask("Is this between us?");
    await chat.answered();
    await chat.shows(/Is this between us\?/);
    assert.doesNotMatch(await chat.modelButton.innerText(), /stranger/u);
    await chat.modelButton.click();
    await workbench.quickInputTitle("Select Model").waitFor();
    await workbench.quickInputRow("Demo").waitFor();
    await workbench.pickerIsFilled();
    assert.equal(await workbench.quickInputRow("model-of-a-stranger").count(), 0);
    await workbench.screenshot("untrusted-models");
    await workbench.page.keyboard.press("Escape");
    assert.deepEqual(stranger.requests, []);
  });

  test("gives its settings power once it is trusted.", async () => {
    await workbench.runCommand("Workspaces: Manage Workspace Trust");
    await workbench.page.getByRole("button", { name: "Trust", exact: true }).click();
    await chat.waitForModel("model-of-a-stranger");
    await chat.ask("And now?");
    await chat.shows("You said: And now?");
    assert.equal(stranger.requests.at(-1)?.body?.["model"], "model-of-a-stranger");
  });
});
