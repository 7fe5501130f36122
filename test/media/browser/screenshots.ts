// Pictures of every state of the page, for eyes: `node test/media/browser/screenshots.ts [part of a name …]`.
// They go to `test/screenshots/chat`, which git ignores. Without a name only the telling ones are taken in every theme.

import { mkdirSync } from "node:fs";
import type { Browser } from "playwright-core";
import { launchBrowser, newPage } from "../../rig/browser.ts";
import { inClone } from "../../rig/places.ts";
import { buildPageFiles } from "./bundle.ts";
import { post, waitUntilSettled } from "./chat-driver.ts";
import { startPageServer } from "./page-server.ts";
import type { PageServer, ThemeName } from "./page-server.ts";
import { scenes } from "./scenes.ts";
import type { Scene } from "./scenes.ts";

interface Shot {
  readonly scene: string;
  readonly theme: ThemeName;
  readonly width: number;
  readonly height: number;
}

const SIDEBAR = { width: 380, height: 760 };
const NARROW = { width: 260, height: 760 };
/** As narrow as VS Code lets its side bar become, and a little more. */
const NARROWEST = { width: 200, height: 760 };
const TAB = { width: 1200, height: 760 };
/** The scenes that show most of what a theme colours. */
const TELLING = [
  "empty",
  "short",
  "empty-demo",
  "long",
  "streaming",
  "thinking-open",
  "error",
  "interrupted",
  "cancelled",
  "chips",
  "loading-model",
  "versions",
  "editing",
  "continued",
  "summarized",
  "not-kept",
  "lined-up",
  "lined-up-paused",
];
const OTHER_THEMES: readonly ThemeName[] = ["light-modern", "light-2026", "dark-2026", "high-contrast", "high-contrast-light"];

function allShots(inThemes: readonly string[]): readonly Shot[] {
  return [
    ...Object.keys(scenes).map((scene): Shot => ({ scene, theme: "dark-modern", ...SIDEBAR })),
    ...OTHER_THEMES.flatMap((theme) => inThemes.map((scene): Shot => ({ scene, theme, ...SIDEBAR }))),
    ...[
      "empty-demo",
      "long",
      "error",
      "chips",
      "breaking",
      "loading-model",
      "versions",
      "editing",
      "continued",
      "summarized",
      "elsewhere",
    ].map((scene): Shot => ({
      scene,
      theme: "dark-modern",
      ...NARROW,
    })),
    ...["empty-demo", "long", "error", "nested", "short"].map((scene): Shot => ({ scene, theme: "dark-modern", ...NARROWEST })),
    ...["long", "empty", "breaking", "scripts"].map((scene): Shot => ({ scene, theme: "dark-modern", ...TAB })),
    { scene: "long", theme: "light-2026", ...TAB },
  ];
}

async function take(browser: Browser, server: PageServer, shot: Shot, folder: string): Promise<void> {
  const { scene: name, theme, width, height } = shot;
  const scene: Scene | undefined = scenes[name];
  if (scene === undefined) throw new Error(`There is no scene ${name}.`);
  const page = await newPage(browser, { viewport: { width, height } });
  page.on("console", (message) => console.log(`  ${name}: ${message.text()}`));
  page.on("pageerror", (error) => console.log(`  ${name}: ${String(error)}`));
  await page.goto(server.pageUrl({ theme, place: width > 600 ? "editor" : "sidebar" }));
  await page.waitForFunction(() => window.posted.some(({ type }) => type === "ready"));
  await post(page, ...scene.messages);
  await waitUntilSettled(page);
  for (const label of scene.press ?? []) {
    const labelled = page.getByLabel(label, { exact: true });
    await page.getByText(label, { exact: true }).or(labelled).first().click();
  }
  if (scene.draft !== undefined) await page.getByRole("textbox").fill(scene.draft);
  if (scene.from !== undefined) {
    const view = page.locator(".transcript");
    await view.hover();
    const { scrollHeight } = await view.evaluate(({ scrollHeight }) => ({ scrollHeight }));
    await page.mouse.wheel(0, scene.from === "top" ? -scrollHeight : -scrollHeight / 2);
    await waitUntilSettled(page);
  }
  await waitUntilSettled(page);
  await page.screenshot({ path: `${folder}/${name}-${theme}-${width}.png` });
  await page.context().close();
}

const wanted = process.argv.slice(2);
const folder = inClone("test/screenshots/chat");
mkdirSync(folder, { recursive: true });
const server = await startPageServer(await buildPageFiles());
const browser = await launchBrowser();
try {
  for (const shot of allShots(wanted.length === 0 ? TELLING : Object.keys(scenes))) {
    const name = `${shot.scene}-${shot.theme}-${shot.width}`;
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    await take(browser, server, shot, folder);
    console.log(name);
  }
} finally {
  await browser.close();
  await server.close();
}
