// Summarize Open Files in a window that was opened anew: of its ten tabs the editor has loaded only those that were looked at, and
// those whose changes were not saved.

import assert from "node:assert/strict";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Locator } from "playwright-core";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider, type FakeRequest } from "../support/fake-provider.ts";
import { until } from "../support/until.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

/** In the order in which they are opened, and so that of the tabs. */
const TEAS = ["assam", "bancha", "ceylon", "darjeeling", "earl-grey", "gunpowder", "keemun", "matcha", "oolong", "sencha"] as const;
const FOLDER = "tasting";
/** What is typed into one of them and not saved. */
const ADDED = "It deserves another pot.";

describe("After a reload with ten tabs", () => {
  let workbench: Workbench;
  let fake: FakeProvider;

  const tab = (tea: string): Locator => workbench.page.locator(".tabs-container .tab", { hasText: `${tea}.md` });
  const pathOf = (tea: string): string => join(workbench.workspaceFolder, FOLDER, `${tea}.md`);
  const stored = (tea: string): string => readFileSync(pathOf(tea), "utf8");
  const lookAt = async (tea: string): Promise<void> => {
    await tab(tea).click();
    await workbench.editorShows(`This cup of ${tea}`);
  };

  /** Types at the end of a file, and waits until the editor has put the change aside, as it does for the case of a crash. */
  const addUnsaved = async (tea: string): Promise<void> => {
    await lookAt(tea);
    await workbench.page.locator(".editor-group-container.active .monaco-editor .view-lines").click();
    await workbench.page.keyboard.press("ControlOrMeta+End");
    await workbench.page.keyboard.type(ADDED);
    const putAside = (): boolean =>
      globSync("data/User/Backups/**/*", { cwd: workbench.serverFolder, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .some((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8").includes(ADDED));
    await until(putAside, "the unsaved change to be put aside");
  };

  before(async () => {
    workbench = await sharedWorkbench();
    fake = await FakeProvider.start({ models: ["model-that-tastes"] });
    await new ChatPanel(workbench).openAt(fake);
    await workbench.closeEditors();
    mkdirSync(join(workbench.workspaceFolder, FOLDER));
    for (const tea of TEAS) writeFileSync(pathOf(tea), `# Tasting\n\nThis cup of ${tea} was ${tea.length} minutes old.\n`);
    // The web build saves by itself after a second.
    workbench.writeSettings({ "files.autoSave": "off" });
    for (const tea of TEAS) await workbench.openFile(`${FOLDER}/${tea}.md`);
  });
  after(async () => {
    workbench.writeSettings({ "files.autoSave": undefined });
    // Which saves, so that the editors close without a question.
    await until(() => stored("keemun").includes(ADDED), "the change to be saved");
    await workbench.closeEditors();
    rmSync(join(workbench.workspaceFolder, FOLDER), { recursive: true });
    await fake.close();
  });

  test("All are summarized, each by its text on screen and under its own heading, though most have not been loaded.", async () => {
    await addUnsaved("keemun");
    await lookAt("sencha");
    await workbench.reloadWindow();
    await until(async () => (await workbench.page.locator(".tabs-container .tab").count()) === TEAS.length, "the ten tabs");
    // The one in front is loaded by itself.
    await workbench.editorShows("This cup of sencha");
    await lookAt("ceylon");

    fake.respond((request) => ({ text: `Tells of ${teaOf(request)}.` }));
    await workbench.runCommand("Parley: Summarize Open Files");
    await workbench.toast("10 of 10 files summarized.");
    await workbench.clearNotifications();

    const sections = TEAS.map((tea) => `## ${FOLDER}/${tea}.md\n\nTells of ${tea}.`);
    const whole = `${["# Summary of 10 open files", ...sections].join("\n\n")}\n`;
    await until(async () => (await workbench.copiedDocument()) === whole, "the whole document");
    await workbench.screenshot("files-after-reload");
    assert.equal(fake.requests.length, TEAS.length);
    assert.doesNotMatch(stored("keemun"), new RegExp(ADDED));
    for (const tea of TEAS) {
      const about = fake.requests.filter((request) => teaOf(request) === tea).map(({ bodyText }) => bodyText);
      const text = JSON.stringify(tea === "keemun" ? stored(tea) + ADDED : stored(tea)).slice(1, -1);
      assert.equal(about.length, 1, `One request is about ${tea}.`);
      assert.ok(about[0]?.includes(text), `The request about ${tea} has all of its text: ${about[0]}`);
    }
  });
});

/** The tea that a request is about, by the text of the file that it sends, not by its name. */
function teaOf({ bodyText }: FakeRequest): string {
  return /This cup of ([a-z-]+) was/.exec(bodyText)?.[1] ?? "an unknown tea";
}
