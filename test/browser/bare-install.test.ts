// Parley as it comes: its package in a fresh profile, without development flags, settings, keys or servers. Its name puts this
// file before the others, which share the profile and leave their traces in it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import type { Request } from "playwright-core";
import { PROVIDER_ROWS } from "../../sidecar/providers/registry.ts";
import { ChatPanel } from "../support/chat-panel.ts";
import { noProcessTree, processTree } from "../support/process-tree.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

describe("A fresh install", () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  const requests: Request[] = [];

  before(async () => {
    workbench = await sharedWorkbench();
    chat = new ChatPanel(workbench);
    const settings: unknown = JSON.parse(readFileSync(join(workbench.serverFolder, "data/Machine/settings.json"), "utf8"));
    assert.deepEqual(
      Object.keys(Object(settings)).filter((name) => name.startsWith("parley.")),
      [],
      "another test came first",
    );
    await hideServersOfThisMachine(workbench);
    workbench.page.context().on("request", (request) => requests.push(request));
  });

  const statusBar = (text: string | RegExp) => workbench.page.locator(".statusbar-item", { hasText: text });

  test("The status bar shows Parley before anything of it runs.", { skip: noProcessTree }, async () => {
    await statusBar("Parley").waitFor();
    assert.deepEqual(sidecarProcesses(workbench), []);
  });

  test("A question from the activity bar is answered by the demo, which says what it is and repeats the question.", async () => {
    await workbench.page
      .getByRole("tab", { name: /^Parley/ })
      .first()
      .click();
    await chat.composer.waitFor();
    await chat.page.getByText("The built-in demo has no knowledge").waitFor();
    await workbench.screenshot("install-empty");
    await chat.ask("Why is the sky blue?");
    await chat.shows(/^Answer.*This is Parley's built-in demo\. It has no knowledge.*Why is the sky blue\?/s);
    await chat.answered();
    assert.equal(await chat.answerText.locator("strong").innerText(), "This is Parley's built-in demo.");
    assert.equal(await chat.answerText.getByRole("listitem").count(), 3);
    await workbench.screenshot("install-demo");
  });

  test("The status bar names the model, and its menu says that the sidecar is ready.", async () => {
    const model = (await chat.modelButton.innerText()).trim();
    await statusBar(model).click();
    await workbench.page.locator(".quick-input-widget").getByPlaceholder("the sidecar is ready").waitFor();
    await workbench.screenshot("install-status-menu");
    await workbench.page.keyboard.press("Escape");
  });

  test("The page has loaded nothing from outside of this machine.", async () => {
    const outside: string[] = [];
    let inside = 0;
    for (const request of requests) {
      // The editor's own service worker answers what the page asks of the extension's folder; that goes nowhere.
      const response = await request.response().catch(() => null);
      if (isLoopback(request.url()) || response?.fromServiceWorker() === true) inside += 1;
      else outside.push(request.url());
    }
    assert.deepEqual(outside, []);
    // The page's script and styles are among them: what is looked at is what the page asks for.
    assert.ok(inside > 3);
    assert.ok(requests.some((request) => request.url().includes("/dist/media/chat.js")));
  });
});

function sidecarProcesses({ serverPid }: Workbench): readonly string[] {
  return processTree(serverPid).flatMap(({ commandLine }) => commandLine.filter((part) => part.includes("sidecar.mjs")));
}

function isLoopback(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "data:" || protocol === "blob:" || hostname === "127.0.0.1" || hostname === "localhost";
}

/** A server that runs here comes before the demo. Where this machine has one, it is looked for at a port where nobody listens. */
async function hideServersOfThisMachine(workbench: Workbench): Promise<void> {
  const rows = PROVIDER_ROWS.filter(({ runsHere, defaultBaseUrl }) => runsHere && defaultBaseUrl !== undefined);
  const found = await Promise.all(rows.map(async (row) => ((await isListening(row.defaultBaseUrl ?? "")) ? [row.id] : [])));
  const hidden = found.flat().map((id) => [id, { baseUrl: "http://127.0.0.1:9" }]);
  if (hidden.length > 0) workbench.writeSettings({ "parley.providers": Object.fromEntries(hidden) });
}

async function isListening(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection({ host: hostname, port: Number(port) });
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
