// What a window has again after it was reloaded: its conversation and its keys. And where a key goes, and where it does not.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider, type FakeRequest } from "../support/fake-provider.ts";
import { enterApiKey } from "../support/key-prompt.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

const KEY = "sk-entered-by-hand-82d1";

describe("A key that was entered, and a conversation", () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let fake: FakeProvider;
  let stranger: FakeProvider;
  const last = (server: FakeProvider): FakeRequest | undefined => server.requests.at(-1);

  before(async () => {
    workbench = await sharedWorkbench();
    chat = new ChatPanel(workbench);
    fake = await FakeProvider.start({ models: ["model-behind-a-key"], key: KEY });
    stranger = await FakeProvider.start({ models: ["model-of-a-stranger"] });
    await chat.openAt(fake);
  });
  after(async () => {
    await Promise.all([fake.close(), stranger.close()]);
  });

  test("The key is asked for without being shown, and tried at once.", async () => {
    await enterApiKey(workbench, fake, KEY, "reload-key-prompt");
    assert.equal(last(fake)?.route, "models");
    assert.equal(last(fake)?.headers["authorization"], `Bearer ${KEY}`);
  });

  test("After a reload, conversation and key are there again.", async () => {
    await chat.ask("My favourite tea is oolong.");
    await chat.answered("You said: My favourite tea is oolong.");
    await workbench.reload();
    await chat.answered("You said: My favourite tea is oolong.");
    await chat.questions.getByText("My favourite tea is oolong.").waitFor();
    await chat.waitForModel("model-behind-a-key");
    await workbench.screenshot("reload-conversation");

    await chat.ask("Which one is it?");
    await chat.shows("You said: Which one is it?");
    assert.equal(last(fake)?.headers["authorization"], `Bearer ${KEY}`);
    const texts = JSON.stringify(last(fake)?.body?.["messages"]);
    assert.match(texts, /My favourite tea is oolong.*You said: My favourite tea is oolong.*Which one is it/);
  });

  test("Another server never sees the key, nor does another address under the same name.", async () => {
    const away = { baseUrl: stranger.baseUrl("openai-chat") };
    workbench.writeSettings({
      "parley.servers": { here: { baseUrl: fake.baseUrl("openai-chat") }, away },
      "parley.model": "away/model-of-a-stranger",
    });
    await chat.waitForModel("model-of-a-stranger");
    await chat.ask("Who are you?");
    await chat.shows("You said: Who are you?");
    assert.equal(stranger.requests.length, 1);

    workbench.writeSettings({ "parley.servers": { here: away }, "parley.model": "here/model-that-moved" });
    await chat.waitForModel("model-that-moved");
    await chat.ask("And you?");
    await chat.shows("You said: And you?");
    assert.equal(last(stranger)?.body?.["model"], "model-that-moved");
    for (const { headers, bodyText, path } of stranger.requests) {
      assert.equal(headers["authorization"], undefined);
      assert.ok(!JSON.stringify([headers, bodyText, path]).includes(KEY));
    }
  });
});
