// The chat view against a server of the user's own: streaming, Markdown, Stop, failures, the end of the sidecar, a hidden view.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { noProcessTree, sidecarPid } from "../support/process-tree.ts";
import { untilKept } from "../support/until-kept.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

const CODE = `export function brew(leaf: string, minutes = 3): string {
  return \`\${leaf}, \${minutes} min\`;
}`;

describe("The chat view", () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let fake: FakeProvider;

  before(async () => {
    workbench = await sharedWorkbench();
    chat = new ChatPanel(workbench);
    fake = await FakeProvider.start({ models: ["model-of-the-chat"] });
    await chat.openAt(fake);
  });
  beforeEach(async () => {
    fake.reset();
    await chat.newChat();
  });
  after(() => fake.close());

  test("An answer is on screen before the server has sent all of it.", async () => {
    fake.enqueue({ steps: [{ text: "The first words" }, { gate: "rest" }, { text: " and the last." }, { finish: "stop" }] });
    await chat.ask("How do I brew green tea?");
    await chat.shows("The first words");
    assert.deepEqual(fake.state().waitingAt, ["rest"]);
    assert.equal(await chat.answer.getByText("and the last.").count(), 0);
    assert.equal(await chat.stopButton.count(), 1);
    await workbench.screenshot("chat-streaming");
    fake.gate("rest").open();
    await chat.answered("The first words and the last.");
    assert.equal(await chat.stopButton.count(), 0);
    assert.equal(fake.requests[0]?.body?.["model"], "model-of-the-chat");
  });

  test("An answer is shown as Markdown, and Copy puts a block's code into the clipboard as it was written.", async () => {
    fake.enqueue({ text: `## Brewing\n\nUse **fresh** water:\n\n\`\`\`ts\n${CODE}\n\`\`\`\n\n| leaf | °C |\n|---|---|\n| green | 75 |\n` });
    await chat.ask("Write me a function.");
    await chat.answerText.getByRole("cell", { name: "green" }).waitFor();
    assert.equal(await chat.answerText.getByRole("heading", { name: "Brewing" }).count(), 1);
    assert.equal(await chat.answerText.locator("strong").innerText(), "fresh");
    await chat.answerText.locator(".token-keyword").first().waitFor();
    await workbench.screenshot("chat-code");
    await chat.answerText.getByRole("button", { name: "Copy code" }).click();
    await workbench.clipboardHolds(`${CODE}\n`);
  });

  test("Stop closes the server's socket and keeps what had come, marked as stopped.", async () => {
    fake.enqueue({ steps: [{ text: "Water of seventy-five degrees" }, { gate: "never" }, { text: " is best." }, { finish: "stop" }] });
    await chat.ask("How warm?");
    await chat.shows("seventy-five degrees");
    await chat.stopButton.click();
    await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the socket of the stopped answer to close");
    await chat.answered("Water of seventy-five degrees");
    await chat.shows("You stopped this answer.");
    await workbench.screenshot("chat-stopped");

    await chat.ask("And black tea?");
    await chat.answered("You said: And black tea?");
  });

  test("A key that is refused, and a server that fails, are told in words; Try Again asks once more.", async () => {
    fake.respond({ status: 401, body: { error: { message: "Unknown customer 17", type: "invalid_request_error" } } });
    await chat.ask("Who am I?");
    await chat.shows("here did not accept the key.");
    await chat.answer.locator("summary").click();
    await chat.answer.getByText("Unknown customer 17").waitFor();
    assert.equal(await chat.answer.getByRole("button", { name: "Set API Key…" }).count(), 1);
    await workbench.screenshot("chat-refused-key");

    fake.respond({ status: 500, body: { error: { message: "The kettle boiled over" } } });
    await chat.answer.getByRole("button", { name: "Try Again" }).click();
    await chat.shows("failed on its side");
    assert.equal(await chat.answers.count(), 1);

    fake.respond({ text: "All is well again." });
    await chat.answer.getByRole("button", { name: "Try Again" }).click();
    await chat.shows("All is well again.");
    assert.equal(await chat.questions.count(), 1);
    assert.equal(await chat.answers.count(), 1);
  });

  test("A server that does not run is told by its address, and answers once it runs.", async (test) => {
    test.after(() => chat.openAt(fake));
    const gone = await FakeProvider.start({ models: ["model-that-comes-back"] });
    try {
      await chat.openAt(gone);
    } finally {
      await gone.close();
    }
    await chat.ask("Anybody there?");
    await chat.shows(`Nothing answers for here at ${gone.origin}/v1`);
    await chat.shows("parley.servers → here → baseUrl");
    await workbench.screenshot("chat-no-server");
    const back = await FakeProvider.start({ port: Number(new URL(gone.origin).port) });
    test.after(() => back.close());
    await chat.answer.getByRole("button", { name: "Try Again" }).click();
    await chat.answered("You said: Anybody there?");
  });

  test(
    "A sidecar that dies in mid-answer is started again; the text is kept, and the next question works.",
    { skip: noProcessTree },
    async () => {
      fake.enqueue({ steps: [{ text: "This much was said" }, { gate: "never" }, { finish: "stop" }] });
      await chat.ask("What if you die?");
      await chat.shows("This much was said");
      await untilKept(workbench, "This much was said");
      const first = sidecarPid(workbench.serverPid);
      process.kill(first, "SIGKILL");
      await chat.shows("ended in the middle of this answer");
      await chat.answered("This much was said");
      await workbench.screenshot("chat-interrupted");

      await chat.ask("Are you back?");
      await chat.shows("You said: Are you back?");
      assert.notEqual(sidecarPid(workbench.serverPid), first);
    },
  );

  test("A view that is hidden in mid-answer shows all of it when it comes back, and what had been typed.", async () => {
    fake.enqueue({
      steps: [
        { text: "Seen before." },
        { gate: "hidden" },
        { text: " Written meanwhile." },
        { gate: "back" },
        { text: " Seen after." },
        { finish: "stop" },
      ],
    });
    await chat.ask("Do you go on without me?");
    await chat.shows("Seen before.");
    await chat.composer.fill("A half-typed question");
    await workbench.page
      .getByRole("tab", { name: /^Explorer/ })
      .first()
      .click();
    await chat.composer.waitFor({ state: "detached" });
    fake.gate("hidden").open();
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("back"), "the answer to go on while the view is hidden");
    await workbench.page
      .getByRole("tab", { name: /^Parley/ })
      .first()
      .click();
    await chat.shows("Seen before. Written meanwhile.");
    assert.equal(await chat.composer.inputValue(), "A half-typed question");
    fake.gate("back").open();
    await chat.answered("Seen before. Written meanwhile. Seen after.");
    await chat.composer.fill("");
  });
});
