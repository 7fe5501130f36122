// Every state that a person can meet, in each kind of theme: pictures for eyes in `test/screenshots`, and what can be measured of
// them: text stands out from what is behind it, and fits where it stands.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { legibilityOf } from "../support/legibility.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

const THEMES = ["light", "dark", "high-contrast", "high-contrast-light"] as const;
type Theme = (typeof THEMES)[number];

/** What the editor writes on the page's body. */
const PAGE_THEMES: Readonly<Record<Theme, string>> = {
  light: "vscode-light",
  dark: "vscode-dark",
  "high-contrast": "vscode-high-contrast",
  "high-contrast-light": "vscode-high-contrast-light",
};

const ANSWER = `A price is kept **in cents**, since fractions of a euro have no exact binary form:

1. \`0.1 + 0.2\` is not \`0.3\`
2. sums over many lines drift apart

\`\`\`ts
/** Half a kilogram or more of one tea is a tenth cheaper. */
export function priceOfLine({ tea, grams }: Line): number {
  if (grams <= 0) throw new RangeError(\`\${tea.name}: too light\`);
  const full = (tea.price * grams) / 100;
  return Math.round(grams >= 500 ? full * 0.9 : full);
}
\`\`\`

| grams | factor |
|---:|---:|
| 100 | 1.0 |
| 500 | 0.9 |

> Rounding happens **once**, at the end. See [MDN](https://developer.mozilla.org/docs/Web/JavaScript).
`;

describe("In every theme", () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let fake: FakeProvider;

  before(async () => {
    workbench = await sharedWorkbench();
    chat = new ChatPanel(workbench);
    fake = await FakeProvider.start({ models: ["tea-expert-8b", "tea-expert-70b"] });
    const server = { "tea-house": { baseUrl: fake.baseUrl("openai-chat"), concurrency: 3 } };
    await chat.openAt(fake, { "parley.servers": server, "parley.model": "tea-house/tea-expert-8b" });
  });
  beforeEach(() => fake.reset());
  after(async () => {
    await workbench.setTheme("light");
    await fake.close();
  });

  const inAllThemes = async (name: string): Promise<void> => {
    // Out of the way: what it points at would be lit, or explain itself.
    await workbench.page.mouse.move(640, 798);
    for (const theme of THEMES) {
      await workbench.setTheme(theme);
      await chat.page.locator(`body.${PAGE_THEMES[theme]}`).waitFor();
      await workbench.screenshot(`${name}-${theme}`);
      assert.deepEqual(await legibilityOf(chat.page), { faint: [], cutOff: [], tooWide: false }, `${name} in ${theme}`);
    }
  };

  test("An empty chat, with a model and with the demo.", async () => {
    await inAllThemes("empty");
    workbench.writeSettings({ "parley.model": "local/demo" });
    await chat.waitForModel("Demo");
    await inAllThemes("empty-demo");
    workbench.writeSettings({ "parley.model": "tea-house/tea-expert-8b" });
    await chat.waitForModel("tea-expert-8b");
  });

  test("A question that waits for its answer, and an answer that streams.", async () => {
    await chat.newChat();
    fake.enqueue({
      steps: [
        { gate: "begin" },
        { reasoning: "Money and floating point do not go together." },
        { text: ANSWER.slice(0, 330) },
        { gate: "never" },
        { finish: "stop" },
      ],
    });
    await chat.ask("Why is the price in cents?");
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("begin"), "the question to arrive");
    await chat.answer.locator(".status-words").waitFor();
    await workbench.screenshot("waiting");
    fake.gate("begin").open();
    await chat.answerText.locator(".code-block").waitFor();
    await inAllThemes("streaming");
    await chat.stopButton.click();
    await chat.shows("You stopped this answer.");
    await inAllThemes("stopped");
  });

  test("An answer with code, a table, a list, a quotation and a link.", async () => {
    await chat.newChat();
    fake.enqueue({ text: ANSWER });
    await chat.ask("Why is the price in cents?");
    await chat.answered();
    await chat.answerText.locator(".token-keyword").first().waitFor();
    await inAllThemes("answer");
  });

  test("A failed answer, with what to do.", async () => {
    await chat.newChat();
    fake.respond({ status: 401, body: { error: { message: "Incorrect API key provided" } } });
    await chat.ask("Who am I?");
    await chat.shows("did not accept the key");
    await chat.answer.locator("summary").click();
    await inAllThemes("error");
  });

  test("A question about selected code.", async () => {
    await workbench.openFile("src/order.ts");
    fake.enqueue({ text: "It works out the **price of one line**." });
    await workbench.page.locator(".editor-instance .view-line", { hasText: "const full" }).first().click();
    await workbench.runCommand("Parley: Explain Selection");
    await chat.shows("It works out the price of one line.");
    await chat.answered();
    await inAllThemes("explained");
    await workbench.closeEditors();
  });

  test("The model picker and the key prompt.", async () => {
    const { page } = workbench;
    await chat.modelButton.click();
    await page.locator(".quick-input-list").getByText("tea-expert-70b").waitFor();
    await workbench.pickerIsFilled();
    await inAllThemes("model-picker");
    await page.keyboard.press("Escape");

    await workbench.runCommand("Parley: Set API Key…");
    await workbench.quickInputTitle("Set API Key").waitFor();
    await workbench.screenshot("key-providers");
    await workbench.quickInput().fill(fake.origin);
    await page.locator(".quick-input-list").getByText(fake.origin).waitFor();
    await workbench.quickInput().press("Enter");
    await workbench.quickInputTitle("API Key for tea-house").waitFor();
    await inAllThemes("key-prompt");
    await page.keyboard.press("Escape");
  });

  test("Summaries of open files while they come, and when one has failed.", async () => {
    for (const file of ["src/order.ts", "src/stock.py", "src/receipt.go"]) await workbench.openFile(file);
    fake.respond(({ bodyText }) =>
      bodyText.includes("src/stock.py")
        ? { holdHeaders: "rest", status: 400, body: { error: { message: "No snakes in the tea shop" } } }
        : { steps: [{ text: "Works with **teas**" }, { gate: "rest" }, { text: " and their prices." }, { finish: "stop" }] },
    );
    await workbench.runCommand("Parley: Summarize Open Files");
    await fake.waitFor(({ waitingAt }) => waitingAt.length === 3, "three answers at once");
    await workbench.toast("Summarizing open files");
    await inAllThemes("summaries-running");
    fake.gate("rest").open();
    await workbench.toast("2 of 3 files summarized. 1 failed");
    await workbench.screenshot("summaries-done");
    await workbench.clearNotifications();
    await workbench.closeEditors();
  });
});
