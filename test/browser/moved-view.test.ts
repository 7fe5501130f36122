// The view is moved to another place of the window in the middle of an answer: its page is made anew there, and misses nothing.

import { after, before, describe, test } from "node:test";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

describe("A chat view that is moved", () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let fake: FakeProvider;

  before(async () => {
    workbench = await sharedWorkbench();
    chat = new ChatPanel(workbench);
    fake = await FakeProvider.start({ models: ["model-on-the-move"] });
    await chat.openAt(fake);
  });

  after(async () => {
    await workbench.runCommand("View: Reset View Locations");
    await fake.close();
  });

  test("in the middle of an answer goes on with it at its new place, with all that came meanwhile.", async () => {
    fake.enqueue({
      route: "openai-chat",
      steps: [
        { text: "Before the move" },
        { gate: "moving" },
        { text: ", during it" },
        { gate: "moved" },
        { text: ", and after." },
        { finish: "stop" },
      ],
    });
    await chat.ask("Where are you?");
    await chat.shows("Before the move");
    await workbench.runCommand("View: Move View");
    await workbench.pick("Chat");
    fake.gate("moving").open();
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("moved"), "the answer to go on while the view is moved");
    await workbench.pick("New Panel Entry");
    await workbench.page.locator(".part.panel").getByRole("tab", { name: "Parley" }).waitFor();
    await chat.shows("Before the move, during it");
    fake.gate("moved").open();
    await chat.answered("Before the move, during it, and after.");
    await workbench.screenshot("moved-view");
  });
});
