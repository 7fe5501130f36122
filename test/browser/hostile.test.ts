// An answer can hold anything. Nothing in it may load, run or lead anywhere by itself, and a link asks before it is opened.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { sharedWorkbench, type Workbench } from "../support/workbench.ts";

/** Everything that a model could write to be noticed outside, or to run. `away` is an address that is listened to. */
function hostileMarkdown(away: string): string {
  return `
![an image](${away}/image.png) ![](${away}/nameless.png "title") [![badge](${away}/badge.svg)](${away}/behind-badge)

<img src="${away}/html.png" onerror="window.harmed = 'img'"> <script>window.harmed = 'script'</script>
<iframe src="${away}/frame"></iframe><object data="${away}/object"></object><embed src="${away}/embed">
<link rel="stylesheet" href="${away}/style.css"><style>@import url(${away}/import.css); * { background: url(${away}/background.png) }</style>
<meta http-equiv="refresh" content="0;url=${away}/refresh"><base href="${away}/">
<svg><script href="${away}/svg.js"></script><image href="${away}/svg.png"/></svg>
<video src="${away}/video" autoplay></video><form action="${away}/form"><button id="harm">press</button></form>
<a href="${away}/ping" ping="${away}/ping">ping</a><details open ontoggle="window.harmed = 'toggle'">x</details>

[a script](javascript:window.harmed='link') [a command](command:workbench.action.files.newUntitledFile)
[data](data:text/html,<script>window.harmed='data'</script>) [a file](file:///etc/passwd) [editor](vscode://parley.parley/harm)
<javascript:window.harmed='autolink'> <command:workbench.action.files.newUntitledFile>

[an honest link](${away}/link) and ${away}/bare

\`\`\`html
<img src="${away}/code.png" onerror="window.harmed = 'code'">
\`\`\`

\`\`\`<img/src=${away}/language.png>
x
\`\`\`

| <img src="${away}/cell.png"> | ![cell](${away}/cell2.png) |
|---|---|
| $\\href{javascript:alert(1)}{x}$ | [ref] |

[ref]: javascript:window.harmed='reference'
`;
}

/** Run in the page as if something had got past the sanitiser. */
const TRY_TO_REACH = `async (url) => {
  const image = new Image();
  const loaded = new Promise((resolve) => {
    image.addEventListener("error", () => resolve(false));
    image.addEventListener("load", () => resolve(true));
  });
  image.src = url + "/image";
  const fetched = await fetch(url + "/fetch").then(() => true, () => false);
  return { fetched, loaded: await loaded };
}`;

describe("A hostile answer", () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let fake: FakeProvider;
  let listener: Server;
  let away: string;
  let heard: string[] = [];

  before(async () => {
    workbench = await sharedWorkbench();
    chat = new ChatPanel(workbench);
    fake = await FakeProvider.start({ models: ["model-with-bad-intentions"] });
    listener = createServer((request, response) => {
      heard.push(request.url ?? "");
      response.setHeader("access-control-allow-origin", "*");
      response.end("heard");
    });
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    const address = listener.address();
    away = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    await chat.openAt(fake);
  });
  beforeEach(async () => {
    fake.reset();
    heard = [];
    await chat.newChat();
  });
  after(async () => {
    await fake.close();
    listener.closeAllConnections();
    listener.close();
  });

  /** The same browser asks for one page more: what the chat asked for went out before, and would have been heard first. */
  const checkNothingHeard = async (): Promise<void> => {
    const control = await workbench.page.context().newPage();
    await control.goto(`${away}/control`);
    await control.close();
    assert.deepEqual(
      heard.filter((path) => path !== "/favicon.ico"),
      ["/control"],
    );
    assert.equal(await chat.composer.evaluate("'harmed' in window"), false);
  };

  test("Text, reasoning and an error's details load nothing and run nothing.", async () => {
    const markdown = hostileMarkdown(away);
    fake.enqueue({ steps: [{ reasoning: markdown }, ...pieces(markdown).map((text) => ({ text })), { finish: "stop" }] });
    await chat.ask("What do you want?");
    await chat.answered();
    await chat.answer.getByRole("button", { name: /^Thought|^Reasoning/ }).click();
    await chat.answer.locator(".reasoning-text .code-block").first().waitFor();
    // Half of the payload was read as it was meant, the other half as text; neither went missing.
    await chat.answerText.getByText("Image: an image").waitFor();
    await chat.answerText.getByText("window.harmed = 'script'").first().waitFor();
    await workbench.screenshot("hostile-answer");

    fake.respond({ status: 400, body: { error: { message: markdown } } });
    await chat.ask("And now?");
    await chat.answer.locator("summary").click();
    await chat.answer.getByText("window.harmed = 'script'").first().waitFor();
    await checkNothingHeard();
    const elements = chat.page.locator(
      ":is(img, iframe, object, embed, video, form, svg:not(.parley-mark), link:not([nonce])):not(.composer)",
    );
    assert.equal(await elements.count(), 0);
  });

  test("The page's policy alone lets no request out.", async () => {
    const tried = await chat.composer.evaluate(`(${TRY_TO_REACH})(${JSON.stringify(away)})`);
    assert.deepEqual(tried, { fetched: false, loaded: false });
    await checkNothingHeard();
  });

  test("A link asks first; addresses that are no web pages do nothing at all.", async () => {
    fake.enqueue({ text: hostileMarkdown(away) });
    await chat.ask("Where do you lead?");
    await chat.answered();
    const dialog = workbench.page.locator(".monaco-dialog-box");
    const tabs = workbench.page.locator(".tabs-container .tab");
    for (const name of ["a script", "a command", "data", "a file", "editor"]) {
      await chat.answerText.getByText(name, { exact: true }).click();
    }
    // A question would stand between: the next click would not get through.
    await chat.answerText.getByText("an honest link", { exact: true }).click();
    await dialog.getByText("Open this link from the answer?").waitFor();
    await dialog.getByText(`${away}/link`).waitFor();
    assert.equal(await dialog.count(), 1);
    assert.equal(await tabs.count(), 0);
    await workbench.screenshot("hostile-link");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "detached" });
    await checkNothingHeard();

    const opened = workbench.page.context().waitForEvent("page");
    await chat.answerText.getByText("an honest link", { exact: true }).click();
    await dialog.getByRole("button", { name: "Open", exact: true }).click();
    // The web build leads to servers on this machine by an address of its own.
    const page = await opened;
    await page.waitForURL(/\/link$/);
    await page.close();
  });
});

/** As a model sends them: cut anywhere. */
function pieces(text: string): readonly string[] {
  return text.match(/[\s\S]{1,40}/g) ?? [];
}
