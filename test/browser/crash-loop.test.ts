// What a person sees when the sidecar crashes again and again: it is given up with words and two buttons, and comes back by one.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Locator } from "playwright-core";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { noProcessTree, processTree } from "../support/process-tree.ts";
import { until } from "../support/until.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

describe("A sidecar that crashes again and again", { skip: noProcessTree }, () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let fake: FakeProvider;

  const statusBar = (text: string): Locator => workbench.page.locator(".statusbar-item", { hasText: text });
  const sidecars = (): readonly number[] =>
    processTree(workbench.serverPid)
      .filter(({ commandLine }) => commandLine.some((part) => part.endsWith("/dist/sidecar.mjs")))
      .map(({ pid }) => pid);

  before(async () => {
    workbench = await sharedWorkbench();
    chat = new ChatPanel(workbench);
    fake = await FakeProvider.start({ models: ["model-that-lives"] });
    await chat.openAt(fake);
    await workbench.runCommand("Parley: Restart Sidecar");
    await until(() => sidecars().length === 1, "the sidecar");
  });

  after(() => fake.close());

  test("is given up after the fifth crash, says what to do, keeps the draft, and comes back by Restart.", async () => {
    await chat.ask("Are you there?");
    await chat.shows("You said: Are you there?");
    await chat.composer.fill("A thought that I have not finished");
    for (let crash = 1; crash <= 5; crash += 1) {
      await until(() => sidecars().length === 1, `sidecar ${crash}`, 60_000);
      const [pid = 0] = sidecars();
      process.kill(pid, "SIGKILL");
      await until(() => !sidecars().includes(pid), "its end");
    }
    const toast = await workbench.toast("crashed 5 times");
    await toast.getByRole("button", { name: "Show Log" }).waitFor();
    await statusBar("failed").waitFor();
    await workbench.screenshot("crash-loop");
    assert.deepEqual(sidecars(), []);
    assert.equal(await chat.composer.inputValue(), "A thought that I have not finished");

    await toast.getByRole("button", { name: "Restart" }).click();
    await until(() => sidecars().length === 1, "the sidecar after Restart", 60_000);
    await chat.ask("And now?");
    await chat.shows("You said: And now?");
    await statusBar("failed").waitFor({ state: "detached" });
    await workbench.clearNotifications();
  });
});
