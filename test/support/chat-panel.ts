// The chat view as a person uses it, for browser tests. Its locators find the page anew each time, so that they go on working
// after the view was hidden, the sidecar restarted or the window reloaded.

import type { FrameLocator, Locator } from "playwright-core";
import type { FakeProvider } from "./fake-provider.ts";
import { until } from "./until.ts";
import type { Workbench } from "./workbench.ts";

const PATIENCE_MS = 60_000;

export class ChatPanel {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  /** The innermost frame: the page itself. */
  get page(): FrameLocator {
    return this.#workbench.page.frameLocator('iframe.webview.ready[src*="extensionId=parley.parley"]').frameLocator("#active-frame");
  }

  get composer(): Locator {
    return this.page.getByRole("textbox", { name: "Your question" });
  }

  get modelButton(): Locator {
    return this.page.locator(".model-button");
  }

  get stopButton(): Locator {
    return this.page.getByRole("button", { name: "Stop", exact: true });
  }

  get questions(): Locator {
    return this.page.locator("article.turn-user");
  }

  get answers(): Locator {
    return this.page.locator("article.turn-answer");
  }

  /** The answer that came last, running or not. */
  get answer(): Locator {
    return this.answers.last();
  }

  /** The rendered Markdown of the last answer. */
  get answerText(): Locator {
    return this.answer.locator(":scope > .markdown");
  }

  /** Opens the view by its command, where it is not open. */
  async open(): Promise<void> {
    await this.#leaveComposer();
    await this.#workbench.runCommand("Parley: Open Chat");
    await this.#caretIsBack();
  }

  /** Begins an empty conversation. */
  async newChat(): Promise<void> {
    await this.#leaveComposer();
    await this.#workbench.page.locator(".sidebar .title-actions").getByRole("button", { name: "New Chat" }).click();
    await this.#caretIsBack();
    await this.page.locator(".empty").waitFor({ timeout: PATIENCE_MS });
  }

  /** What brings the caret to the composer brings it last: a caret that had been there all the time would say nothing. */
  async #leaveComposer(): Promise<void> {
    if ((await this.composer.count()) > 0) await this.composer.evaluate("document.activeElement?.blur()");
  }

  /** Until then the caret would take the focus from whatever is opened next. */
  async #caretIsBack(): Promise<void> {
    await this.page.locator(".composer-input:focus").waitFor({ timeout: PATIENCE_MS });
  }

  /**
   * Opens the view on an empty conversation with this server's first model, in the settings as one of the user's own. A name of
   * that model that no other test has makes sure that the settings count already.
   */
  async openAt(server: FakeProvider, settings: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const [model = ""] = server.models;
    this.#workbench.writeSettings({
      "parley.servers": { here: { baseUrl: server.baseUrl("openai-chat") } },
      "parley.model": `here/${model}`,
      // The server is asked for answers alone, unless a test wants more.
      "parley.generateTitles": false,
      ...settings,
    });
    await this.open();
    await this.newChat();
    await this.waitForModel(model);
  }

  /** Waits until the next question goes to the model of this name. */
  async waitForModel(name: string): Promise<void> {
    await this.modelButton.filter({ hasText: name }).waitFor({ timeout: PATIENCE_MS });
  }

  /** Types a question and sends it with Enter; returns when its answer has a place in the conversation, empty as it may be. */
  async ask(question: string): Promise<void> {
    const answers = await this.answers.count();
    await this.composer.click();
    await this.composer.fill(question);
    await this.composer.press("Enter");
    await this.answers.nth(answers).waitFor({ timeout: PATIENCE_MS });
  }

  /** Waits until the last answer has ended, however, and shows exactly this text; without one, any. */
  async answered(text?: string): Promise<void> {
    await this.answer.locator(".answer-footer").waitFor({ timeout: PATIENCE_MS });
    // The page renders what has come in its own time.
    if (text !== undefined) await until(async () => (await this.answerText.innerText()).trim() === text, `the answer "${text}"`);
  }

  /** Waits until the last answer shows this text. */
  async shows(text: string | RegExp): Promise<void> {
    await this.answer.filter({ hasText: text }).waitFor({ timeout: PATIENCE_MS });
  }
}
