// Makes the picture of README anew, after a change of what is to be seen there: `node test/browser/readme-picture.ts`. It is the
// real workbench with a scripted answer; the figures under the answer are the script's too.

import { setTimeout as pause } from "node:timers/promises";
import { inClone } from "../rig/places.ts";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { until } from "../support/until.ts";
import { openWorkbench, type Workbench } from "../support/workbench.ts";

const ANSWER = `\`priceOfLine\` takes **one tea and a weight** and gives the price in cents:

- a weight of zero or less is refused
- half a kilogram or more is a tenth cheaper
- it rounds **once**, at the end

So 600 g of a tea at 12.50 € per 100 g:

\`\`\`ts
const sencha = { name: "Sencha", price: 1250 };
const line = { tea: sencha, grams: 600 };

// 7500 cents, less a tenth
priceOfLine(line) === 6750;
\`\`\`

Easy to get wrong: the discount begins **at** 500 g, not above it.
`;

/** The edge can be dragged only when the workbench has laid itself out, which nothing tells. */
async function widenSideBar({ page }: Workbench, width: number): Promise<void> {
  const sideBar = page.locator(".sidebar");
  await until(async () => {
    const box = await sideBar.boundingBox();
    if (box === null) return false;
    if (Math.abs(box.width - width) < 4) return true;
    const edge = box.x + box.width + 2;
    await page.mouse.move(edge, 300);
    await page.mouse.down();
    await page.mouse.move(edge + width - box.width, 300, { steps: 5 });
    await page.mouse.up();
    return false;
  }, `a side bar ${width} wide`);
}

/** What the web build alone has in its status bar; some of it comes back once. */
async function hideStatusBarItem({ page }: Workbench, selector: string, name: string): Promise<void> {
  const item = page.locator(`.statusbar-item${selector}`);
  const choice = page.getByRole("menuitem", { name: `Hide '${name}'` });
  await item.waitFor();
  await until(async () => {
    if (!(await item.isVisible())) return true;
    // A menu that has just opened may take a click for the end of the one that opened it.
    if (await choice.isVisible()) await choice.click();
    else await item.click({ button: "right" });
    await pause(500);
    return false;
  }, `no ${name} in the status bar`);
}

/** Until the editor has read the file, and tells nothing that a reader would take for a part of Parley. */
async function untilQuiet(workbench: Workbench): Promise<void> {
  const { page } = workbench;
  await until(async () => (await page.locator(".statusbar .codicon-loading:visible").count()) === 0, "the editor to be done with the file");
  await workbench.clearNotifications();
  await page.locator(".statusbar .codicon-bell").waitFor();
  await hideStatusBarItem(workbench, ':has-text("Layout: us")', "Keyboard Layout");
  await hideStatusBarItem(workbench, ":has(.codicon-radio-tower)", "Forwarded Ports");
}

async function ask(workbench: Workbench, fake: FakeProvider, chat: ChatPanel): Promise<void> {
  const { page } = workbench;
  await workbench.openFile("src/order.ts");
  await page.locator(".editor-instance .view-line", { hasText: "export function priceOfLine" }).first().click();
  await page.keyboard.press("Home");
  for (let line = 0; line < 5; line += 1) await page.keyboard.press("Shift+ArrowDown");
  const usage = { usage: { inputTokens: 412, outputTokens: 163 } };
  fake.enqueue({ steps: [{ text: ANSWER }, usage, { pauseMs: 2_600 }, { finish: "stop" }] });
  await workbench.runCommand("Parley: Ask About Selection…");
  await workbench.quickInputTitle("Ask About the Selection").waitFor();
  await workbench.fillQuickInput("What does this do, and what is easy to get wrong?");
  await chat.answered();
  await chat.answerText.locator(".token-keyword").first().waitFor();
}

const fake = await FakeProvider.start({ models: ["coder-30b"] });
// Sharp also where a screen has two pixels for each of a page's.
const workbench = await openWorkbench({ pixelRatio: 2 });
try {
  const chat = new ChatPanel(workbench);
  await workbench.setTheme("dark");
  const servers = { workstation: { baseUrl: fake.baseUrl("openai-chat") } };
  const quiet = { "editor.minimap.enabled": false, "editor.fontSize": 13, "remote.autoForwardPorts": false };
  await chat.openAt(fake, { "parley.servers": servers, "parley.model": "workstation/coder-30b", ...quiet });
  await widenSideBar(workbench, 424);
  await ask(workbench, fake, chat);
  await untilQuiet(workbench);
  await workbench.page.mouse.move(640, 798);
  await workbench.page.screenshot({ path: inClone("media/screenshot.png"), animations: "disabled" });
} finally {
  await workbench.close();
  await fake.close();
}
