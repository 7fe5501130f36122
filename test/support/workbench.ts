// Browser tests: one real workbench for all of them, with Parley installed from its package into a fresh profile, without
// development flags, exactly as a person gets it.
//
//   import { sharedWorkbench } from "../support/workbench.ts";
//   const workbench = await sharedWorkbench();           // the first call starts it, the end of the run closes it
//   workbench.writeSettings({ "parley.providers": { openai: { baseUrl: fake.url } } });   // effective at once
//   await workbench.runCommand("Parley: Open Chat");
//   const chat = await workbench.webview("textarea");    // the frame that holds such an element
//   await chat.locator("textarea").fill("Hello");
//   await workbench.screenshot("first-answer");          // test/screenshots/first-answer.png
//
// All files under test/browser run in one process and share the page, so a test leaves no dialog open and no setting behind
// that another one does not expect. A file can also be run by itself: `node --test test/browser/chat.test.ts`.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Browser, type Frame, type Locator, type Page, errors } from "playwright-core";
import { launchBrowser, newPage, workbenchReady } from "../rig/browser.ts";
import { type EditorServer, quietSettings, startEditorServer } from "../rig/editor-server.ts";
import { ensureEditor } from "../rig/install.ts";
import { inClone, temporaryFolder } from "../rig/places.ts";
import { installVsix, makeVsix } from "../rig/vsix.ts";
import { until } from "./until.ts";
import { PROVIDER_ROWS } from "../../sidecar/providers/registry.ts";

const THEMES = {
  light: { name: "Light 2026", mark: "vs" },
  dark: { name: "Dark 2026", mark: "vs-dark" },
  "high-contrast": { name: "Default High Contrast", mark: "hc-black" },
  "high-contrast-light": { name: "Default High Contrast Light", mark: "hc-light" },
} as const;

const PATIENCE_MS = 60_000;

interface PaletteChoice {
  readonly key: string;
  readonly text: string;
  readonly row: Locator;
  /** How long the row is waited for before the palette is opened anew. */
  readonly lookMs: number;
}

export class Workbench {
  readonly page: Page;
  /** A copy of the sample workspace, open in the editor; removed at the end. */
  readonly workspaceFolder: string;
  /** All that the editor's server writes: user data, extensions, logs. */
  readonly serverFolder: string;
  /** The process from which the extension host, the sidecar and all others of this editor descend. */
  readonly serverPid: number;
  readonly #server: EditorServer;
  readonly #browser: Browser;

  constructor(parts: { page: Page; browser: Browser; server: EditorServer; serverFolder: string; workspaceFolder: string }) {
    this.page = parts.page;
    this.#browser = parts.browser;
    this.#server = parts.server;
    this.serverFolder = parts.serverFolder;
    this.serverPid = parts.server.pid;
    this.workspaceFolder = parts.workspaceFolder;
  }

  /** Runs a command by its full title in the palette, as `Parley: Explain Selection`. */
  async runCommand(title: string): Promise<void> {
    const row = this.page.locator(".quick-input-list").getByRole("option", { name: title }).first();
    // The palette lists what was there when it opened; an extension's commands come a moment after the workbench stands.
    await this.#chooseInPalette({ key: "F1", text: `>${title}`, row, lookMs: 3_000 });
  }

  /** The palette's, a picker's or an input box's text field. */
  quickInput(): Locator {
    return this.page.locator(".quick-input-widget input[type=text]").first();
  }

  /** Answers the question where a file is to lie with the place that it proposes, which ends in `name`. */
  async acceptPlace(name: string): Promise<void> {
    const input = this.quickInput();
    await until(async () => (await input.inputValue()).endsWith(name), "the question where to");
    // An Enter can make it read the folder again and do nothing else. One too many would go to whatever has the focus next.
    await until(async () => {
      await input.press("Enter");
      return input.waitFor({ state: "hidden", timeout: 5_000 }).then(
        () => true,
        () => false,
      );
    }, "the question to be answered");
  }

  /** The title of the picker or the input box that is open, where it contains `text`. */
  quickInputTitle(text: string): Locator {
    return this.page.locator(".quick-input-title", { hasText: text });
  }

  /** The first row that contains `text` of the picker that is open, as far as it is on screen. */
  quickInputRow(text: string): Locator {
    return this.page.locator(".quick-input-list .monaco-list-row", { hasText: text }).first();
  }

  /** Answers an input box. */
  async fillQuickInput(text: string): Promise<void> {
    await this.quickInput().fill(text);
    // Into the field itself: the click that led here may take the focus with it as it ends.
    await this.quickInput().press("Enter");
  }

  /** Waits until a picker has all its rows: until then they change places. */
  async pickerIsFilled(): Promise<void> {
    await this.page.locator(".quick-input-widget .monaco-progress-container:not(.active)").waitFor({ state: "attached" });
  }

  /** Chooses from a picker the first row that contains `text`. */
  async pick(text: string): Promise<void> {
    await this.quickInputRow(text).click();
  }

  /** Opens a file of the workspace in an editor of its own, not as a preview. `path` is relative to the workspace. */
  async openFile(path: string): Promise<void> {
    const name = path.split("/").at(-1) ?? path;
    const row = this.quickInputRow(name);
    // The first search starts a process on the server, and searching anew would begin from the start.
    await this.#chooseInPalette({ key: "ControlOrMeta+P", text: path, row, lookMs: 15_000 });
    await this.page.locator(".tabs-container .tab", { hasText: name }).first().dblclick();
  }

  /** The innermost frame of the webview in which `selector` matches something. */
  async webview(selector: string): Promise<Frame> {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      for (const frame of this.page.frames()) {
        // A frame may go away while it is asked.
        const found =
          frame.parentFrame() === null
            ? 0
            : await frame
                .locator(selector)
                .count()
                .catch(() => 0);
        if (found > 0) return frame;
      }
      await pause(50);
    }
    throw new Error(`No webview has an element that matches ${selector}.`);
  }

  /** Keys go to the workbench again, not into a webview. */
  async leaveWebview(): Promise<void> {
    await this.page.evaluate("document.activeElement?.blur()");
  }

  /** The texts of the notifications that are there now, newest first. Leaves them closed. */
  async notifications(): Promise<readonly string[]> {
    await this.runCommand("Notifications: Show Notifications");
    const center = this.page.locator(".notifications-center");
    await center.waitFor();
    const texts = await center.locator(".notification-list-item-message").allInnerTexts();
    await this.runCommand("Notifications: Hide Notifications");
    return texts;
  }

  /** Waits for a toast that contains `text` and returns it, so that its buttons can be pressed. */
  async toast(text: string | RegExp): Promise<Locator> {
    const toast = this.page.locator(".notification-toast", { hasText: text }).first();
    await toast.waitFor({ timeout: PATIENCE_MS });
    return toast;
  }

  async clearNotifications(): Promise<void> {
    await this.runCommand("Notifications: Clear All Notifications");
  }

  async closeEditors(): Promise<void> {
    await this.runCommand("View: Close All Editors");
    await this.page.locator(".tabs-container .tab").first().waitFor({ state: "detached" });
  }

  /** What the editor's server wrote to its output, at least the last of it. */
  serverLog(): string {
    return this.#server.log();
  }

  /** The text of the editor that is in front, as far as it is on screen. */
  async editorText(): Promise<string> {
    const lines = this.page.locator(".editor-group-container.active .monaco-editor .view-lines .view-line");
    // They stand in the document in the order in which they were drawn, not in that of the text.
    const drawn = await lines.evaluateAll((all) =>
      all.map((line) => ({ top: line.getBoundingClientRect().top, text: line.textContent ?? "" })),
    );
    return drawn
      .toSorted((a, b) => a.top - b.top)
      .map(({ text }) => text.replaceAll("\u00a0", " "))
      .join("\n");
  }

  /** Waits until the editor that is in front shows this text. */
  async editorShows(text: string, patienceMs = PATIENCE_MS): Promise<void> {
    await until(async () => (await this.editorText()).includes(text), `"${text}" in the editor`, patienceMs);
  }

  /** All of the text of the editor that is in front, which it takes through the clipboard. */
  async copiedDocument(): Promise<string> {
    await this.page.locator(".editor-group-container.active .monaco-editor .view-lines").first().click();
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.press("ControlOrMeta+C");
    return this.page.evaluate("navigator.clipboard.readText()");
  }

  /** Waits until the clipboard holds exactly this text. */
  async clipboardHolds(text: string): Promise<void> {
    await until(
      async () => (await this.page.evaluate("navigator.clipboard.readText()")) === text,
      `${JSON.stringify(text)} in the clipboard`,
    );
  }

  /**
   * Changes settings of this machine, which win over the user's; `undefined` removes one. The editor notices by itself: wait for
   * what the change brings about. Settings of `application` scope are read from the user's file alone: give those to
   * `openWorkbench`.
   */
  writeSettings(changes: Readonly<Record<string, unknown>>): void {
    const file = join(this.serverFolder, "data/Machine/settings.json");
    const settings: Record<string, unknown> = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...settings, ...changes }, null, 2));
  }

  /** Opens the palette, types, and clicks the row. Opens it again when it has closed, or has had no such row for `lookMs`. */
  async #chooseInPalette({ key, text, row, lookMs }: PaletteChoice): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      await this.leaveWebview();
      await this.page.keyboard.press(key);
      try {
        await this.quickInput().fill(text, { timeout: lookMs });
        const openedAt = Date.now();
        // It closes when something that was asked for before takes the focus.
        while ((await this.quickInput().isVisible()) && Date.now() < openedAt + lookMs) {
          if (await row.isVisible()) return await row.click({ timeout: lookMs });
          await pause(25);
        }
      } catch (error) {
        if (!(error instanceof errors.TimeoutError)) throw error;
      }
    }
    throw new Error(`The palette has nothing for "${text}".`);
  }

  async setTheme(theme: keyof typeof THEMES): Promise<void> {
    const { name, mark } = THEMES[theme];
    this.writeSettings({ "workbench.colorTheme": name });
    await this.page.locator(`.monaco-workbench.${mark}`).waitFor({ timeout: PATIENCE_MS });
  }

  /** Reloads the page: the extension host ends and a new one starts; the browser's storage, and so the secrets, stay. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Reloads the window by the editor's own command, which first writes what it keeps: which tabs are open, and what is unsaved in them. */
  async reloadWindow(): Promise<void> {
    const loaded = this.page.waitForEvent("load");
    await Promise.all([loaded, this.runCommand("Developer: Reload Window")]);
    await this.ready();
  }

  /** Waits until the workbench stands and Parley shows in the activity bar. */
  async ready(): Promise<void> {
    await workbenchReady(this.page);
    await this.page.locator('.activitybar [aria-label^="Parley"]').first().waitFor({ timeout: PATIENCE_MS });
  }

  /** Writes `test/screenshots/<name>.png`. */
  async screenshot(name: string): Promise<void> {
    // Transitions are taken to their ends: colours of two themes would mix, and what opens would be half seen.
    await this.page.screenshot({ path: inClone("test/screenshots", `${name}.png`), animations: "disabled" });
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.stop();
    rmSync(this.serverFolder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export interface WorkbenchOptions {
  /** Beside the quiet ones. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What the extension host finds in its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Pixels of the screen for each of the workbench's; 1 unless told. */
  readonly pixelRatio?: number;
  /** The folder is opened as one that nobody trusts yet, without being asked about; else trust is switched off. */
  readonly untrusted?: boolean;
  /** Files that lie in the folder beside those of the sample, by their paths there. */
  readonly workspaceFiles?: Readonly<Record<string, string>>;
}

const unasked = { "security.workspace.trust.enabled": true, "security.workspace.trust.startupPrompt": "never" } as const;

/** Starts a workbench of its own. What `sharedWorkbench` gives is enough for most tests. */
export async function openWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  await ensureEditor();
  const vsix = inClone(".cache/package/parley.vsix");
  // One after the other: a browser that was started beside a package that fails would keep the run from ending.
  await makeVsix(vsix);
  const browser = await launchBrowser();
  const serverFolder = temporaryFolder("browser");
  const workspaceFolder = join(serverFolder, "tea-shop");
  let server: EditorServer | undefined;
  try {
    const extensionsFolder = join(serverFolder, "extensions");
    mkdirSync(extensionsFolder);
    cpSync(inClone("test/fixtures/sample-workspace"), workspaceFolder, { recursive: true });
    for (const [path, content] of Object.entries(options.workspaceFiles ?? {})) {
      mkdirSync(join(workspaceFolder, path, ".."), { recursive: true });
      writeFileSync(join(workspaceFolder, path), content);
    }
    await installVsix(vsix, { serverFolder, extensionsFolder });
    const workspaceTrust = options.untrusted === true;
    const settings = { ...quietSettings, ...(workspaceTrust ? unasked : {}), ...options.settings };
    const env = { ...withoutOwnKeys(), ...options.env };
    server = await startEditorServer({ form: "wrapper", folder: serverFolder, extensionsFolder, settings, env, workspaceTrust });
    const page = await newPage(browser, { pixelRatio: options.pixelRatio ?? 1 });
    const workbench = new Workbench({ page, browser, server, serverFolder, workspaceFolder });
    await page.goto(`${server.url}?folder=${encodeURIComponent(workspaceFolder)}`);
    await workbench.ready();
    return workbench;
  } catch (error) {
    await browser.close();
    await server?.stop();
    rmSync(serverFolder, { recursive: true, force: true, maxRetries: 5 });
    throw error;
  }
}

/** The keys of whoever runs the tests are no business of theirs, nor are the addresses that say what the keys are for. */
function withoutOwnKeys(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    PROVIDER_ROWS.flatMap(({ keyVariables, baseUrlVariables }) => [...keyVariables, ...baseUrlVariables].map((name) => [name, ""])),
  );
}

let shared: Promise<Workbench> | undefined;

/** A key that the editor of all tests finds in its environment. Nobody says yes to it, so that it must never be used. */
export const keyInEnvironment = { variable: "ANTHROPIC_API_KEY", value: "sk-canary-in-the-environment-5b1c9d7e4f2a8036" } as const;

/** Another one, which a test says yes to, and takes it back. */
export const keyToAllow = { variable: "MISTRAL_API_KEY", value: "sk-in-the-environment-for-a-while-92d4b7" } as const;

/** The one workbench of this run. */
export function sharedWorkbench(): Promise<Workbench> {
  shared ??= openWorkbench({ env: { [keyInEnvironment.variable]: keyInEnvironment.value, [keyToAllow.variable]: keyToAllow.value } });
  return shared;
}

// What was on screen when a test failed says more than its message.
afterEach(async (test) => {
  if ("passed" in test && !test.passed && shared !== undefined) await (await shared).screenshot(`failed: ${test.name}`);
});
after(async () => (await shared)?.close());
