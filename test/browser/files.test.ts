// Summarize Open Files as a person sees it: all files at once, each under its own heading of one document.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { ChatPanel } from "../support/chat-panel.ts";
import { type FakeAnswer, FakeProvider, type FakeRequest } from "../support/fake-provider.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

const FILES = ["src/order.ts", "src/stock.py", "src/schema.sql"] as const;

describe("Summarize Open Files", () => {
  let workbench: Workbench;
  let fake: FakeProvider;

  before(async () => {
    workbench = await sharedWorkbench();
    fake = await FakeProvider.start({ models: ["model-that-reads"] });
    await new ChatPanel(workbench).openAt(fake, { "parley.concurrency": 2 });
  });
  beforeEach(async () => {
    fake.reset();
    await workbench.closeEditors();
    for (const file of FILES) await workbench.openFile(file);
    await watchToasts(workbench);
  });
  after(async () => {
    await workbench.closeEditors();
    workbench.writeSettings({ "parley.concurrency": undefined });
    await fake.close();
  });

  test("Open files are summarized at once, within the limit, each under its own heading.", async () => {
    fake.respond((request) => ({
      steps: [{ text: `Begins ${fileOf(request)}.` }, { gate: "rest" }, { text: ` Ends ${fileOf(request)}.` }, { finish: "stop" }],
    }));
    await workbench.runCommand("Parley: Summarize Open Files");
    await fake.waitFor(({ waitingAt }) => waitingAt.length === 2, "two answers at once");
    await workbench.editorShows("Begins src/order.ts.");
    await workbench.editorShows("Begins src/stock.py.");
    await workbench.toast("Summarizing open files");
    await workbench.screenshot("files-running");
    fake.gate("rest").open();
    await workbench.toast("3 of 3 files summarized.");
    const sections = FILES.map((file) => `## ${file}\n\nBegins ${file}. Ends ${file}.`);
    await workbench.editorShows(["# Summary of 3 open files", ...sections].join("\n\n"));
    await workbench.screenshot("files-done");
    assert.equal(await mostToastsAtOnce(workbench), 1);
    assert.equal(fake.state().peakAnswers, 2);
    assert.equal(fake.requests.length, 3);
    assert.match(fake.requests.find((request) => fileOf(request) === "src/stock.py")?.bodyText ?? "", /class OutOfStock/);
    await workbench.clearNotifications();
  });

  test("One file's failure is told under its heading and does not touch the others.", async () => {
    fake.respond((request) => {
      const refused: FakeAnswer = { holdHeaders: "all", status: 400, body: { error: { message: "No snakes in the tea shop" } } };
      const read: FakeAnswer = { steps: [{ gate: "all" }, { text: `All of ${fileOf(request)}.` }, { finish: "stop" }] };
      return fileOf(request) === "src/stock.py" ? refused : read;
    });
    await workbench.runCommand("Parley: Summarize Open Files");
    // The run ends as soon as its progress can be seen, which the editor then leaves standing for a while.
    await workbench.toast("Summarizing open files");
    fake.gate("all").open();
    await workbench.toast("2 of 3 files summarized. 1 failed: the document says why.");
    await workbench.editorShows("## src/order.ts\n\nAll of src/order.ts.");
    await workbench.editorShows("## src/stock.py\n\n> **Here refused the request.**");
    await workbench.editorShows("No snakes in the tea shop");
    await workbench.editorShows("## src/schema.sql\n\nAll of src/schema.sql.");
    await workbench.screenshot("files-one-failed");
    assert.equal(await mostToastsAtOnce(workbench), 1);
    await workbench.clearNotifications();
  });

  test("Cancel in the notification closes the sockets, and what had come stays.", async () => {
    fake.respond((request) => ({ steps: [{ text: `Begins ${fileOf(request)}.` }, { gate: "never" }, { finish: "stop" }] }));
    await workbench.runCommand("Parley: Summarize Open Files");
    await fake.waitFor(({ waitingAt }) => waitingAt.length === 2, "two answers at once");
    await workbench.editorShows("Begins src/stock.py.");
    const progress = await workbench.toast("Summarizing open files");
    await progress.getByRole("button", { name: "Cancel" }).click();
    await fake.waitFor(({ clientClosed }) => clientClosed === 2, "both sockets to close");
    await workbench.toast("0 of 3 files summarized. 3 cancelled.");
    await workbench.editorShows("## src/order.ts\n\nBegins src/order.ts.\n\n*Cancelled.*");
    await workbench.editorShows("## src/schema.sql\n\n*Cancelled.*");
    assert.equal(fake.requests.length, 2);
    assert.equal(await mostToastsAtOnce(workbench), 1);
    await workbench.clearNotifications();
  });
});

/** Counts from now on how many toasts stand beside each other at most. */
async function watchToasts({ page }: Workbench): Promise<void> {
  await page.evaluate(`{
    globalThis.toastsOfParley?.disconnect();
    globalThis.mostToastsAtOnce = 0;
    globalThis.toastsOfParley = new MutationObserver(() => {
      const now = document.querySelectorAll(".notification-toast").length;
      globalThis.mostToastsAtOnce = Math.max(globalThis.mostToastsAtOnce, now);
    });
    globalThis.toastsOfParley.observe(document.body, { childList: true, subtree: true });
  }`);
}

function mostToastsAtOnce({ page }: Workbench): Promise<unknown> {
  return page.evaluate("globalThis.mostToastsAtOnce");
}

/** The file that a request is about, by what it sends. */
function fileOf({ bodyText }: FakeRequest): string {
  return FILES.find((file) => bodyText.includes(file)) ?? "an unknown file";
}
