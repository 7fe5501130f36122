// Asks a real VS Code for what it gives to a webview in each of its themes, and keeps it in `test/fixtures/themes`: the
// variables, the classes of the page, and VS Code's own default styles. Run it by hand after a new editor version:
// `node test/media/browser/capture-themes.ts`.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startEditorServer } from "../../rig/editor-server.ts";
import { ensureEditor } from "../../rig/install.ts";
import { launchBrowser, newPage, workbenchReady } from "../../rig/browser.ts";
import { inClone, temporaryFolder } from "../../rig/places.ts";
import { until } from "../../support/until.ts";

/** Milliseconds for all themes together, on a busy machine. */
const PATIENCE_MS = 180_000;

const THEMES: Readonly<Record<string, string>> = {
  "dark-modern": "Dark Modern",
  "dark-2026": "Dark 2026",
  "light-modern": "Light Modern",
  "light-2026": "Light 2026",
  "high-contrast": "Default High Contrast",
  "high-contrast-light": "Default High Contrast Light",
};

const MANIFEST = {
  name: "capture-themes",
  publisher: "parley",
  version: "0.0.1",
  engines: { vscode: "^1.125.0" },
  main: "./main.cjs",
  activationEvents: ["onStartupFinished"],
};

/** Runs inside the extension host: sets each theme, asks the page what it got, and writes all of it at the end. */
const EXTENSION = `
const vscode = require("vscode"), fs = require("node:fs");
exports.activate = async () => {
  const { themes, out } = JSON.parse(fs.readFileSync(__dirname + "/job.json", "utf8"));
  const panel = vscode.window.createWebviewPanel("capture", "Capture", vscode.ViewColumn.One, { enableScripts: true });
  let last = { id: "" };
  let heard = () => {};
  panel.webview.onDidReceiveMessage((answer) => { last = answer; heard(); });
  panel.webview.html = \`<!DOCTYPE html><body><script>
    const host = acquireVsCodeApi();
    const tell = () => host.postMessage({
      name: document.body.dataset.vscodeThemeName, id: document.body.dataset.vscodeThemeId, kind: document.body.dataset.vscodeThemeKind,
      bodyClass: document.body.className, htmlStyle: document.documentElement.style.cssText,
      defaults: document.getElementById("_defaultStyles")?.textContent ?? "" });
    new MutationObserver(tell).observe(document.body, { attributes: true });
    new MutationObserver(tell).observe(document.documentElement, { attributes: true });
    tell();
  </script></body>\`;
  const result = {};
  for (const [file, theme] of Object.entries(themes)) {
    await vscode.workspace.getConfiguration().update("workbench.colorTheme", theme, vscode.ConfigurationTarget.Global);
    // The page is given name, classes and colours of a theme in one step.
    while (last.id !== theme) await new Promise((resolve) => (heard = resolve));
    result[file] = last;
  }
  // Under its name it is complete: somebody waits for the name.
  fs.writeFileSync(out + ".part", JSON.stringify(result));
  fs.renameSync(out + ".part", out);
};
`;

interface Captured {
  readonly id: string;
  readonly kind: string;
  readonly bodyClass: string;
  readonly htmlStyle: string;
  readonly defaults: string;
}

const folder = temporaryFolder("themes");
const extension = join(folder, "extension");
const out = join(folder, "captured.json");
mkdirSync(extension);
writeFileSync(join(extension, "package.json"), JSON.stringify(MANIFEST));
writeFileSync(join(extension, "main.cjs"), EXTENSION);
writeFileSync(join(extension, "job.json"), JSON.stringify({ themes: THEMES, out }));

await ensureEditor();
const server = await startEditorServer({
  form: "server",
  folder: join(folder, "server"),
  extensionsFolder: join(folder, "none"),
  developmentExtensions: true,
});
const browser = await launchBrowser();
try {
  const page = await newPage(browser);
  const payload = JSON.stringify([["extensionDevelopmentPath", `vscode-remote://127.0.0.1:${server.port}${extension}`]]);
  await page.goto(`${server.url}?folder=${folder}&payload=${encodeURIComponent(payload)}`);
  await workbenchReady(page);
  await until(() => existsSync(out), "every theme to be shown", PATIENCE_MS);
} finally {
  await browser.close();
  await server.stop();
}

const target = inClone("test/fixtures/themes");
mkdirSync(target, { recursive: true });
const captured: Record<string, Captured> = JSON.parse(readFileSync(out, "utf8"));
for (const [file, { kind, bodyClass, htmlStyle, defaults, ...theme }] of Object.entries(captured)) {
  const declarations = htmlStyle.split(/;\s*(?=--|$)/).filter((declaration) => declaration.startsWith("--"));
  const variables = Object.fromEntries(declarations.map((one) => one.split(/:\s*/s, 2)).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)));
  writeFileSync(join(target, `${file}.json`), `${JSON.stringify({ theme: theme.id, kind, bodyClass, defaults, variables }, null, 1)}\n`);
}
rmSync(folder, { recursive: true });
