// Makes the picture of README anew, after a change of what is to be seen there: `node test/browser/readme-picture.ts`. It is the
// real workbench with a scripted answer; the figures under the answer are the script's too.

import { inClone } from "../rig/places.ts";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
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

async function widenSideBar({ page }: Workbench, byPixels: number): Promise<void> {
  const box = await page.locator(".sidebar").boundingBox();
  if (box === null) throw new Error("There is no side bar.");
  const edge = box.x + box.width + 2;
  await page.mouse.move(edge, 300);
  await page.mouse.down();
  await page.mouse.move(edge + byPixels, 300, { steps: 5 });
  await page.mouse.up();
}

/** What the web build alone has in its status bar. */
async function hideStatusBarItem({ page }: Workbench, item: string, name: string): Promise<void> {
  await page.locator(".statusbar-item", { hasText: item }).click({ button: "right" });
  await page.getByRole("menuitem", { name: `Hide '${name}'` }).click();
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
const workbench = await openWorkbench();
try {
  const chat = new ChatPanel(workbench);
  await workbench.setTheme("dark");
  const servers = { workstation: { baseUrl: fake.baseUrl("openai-chat") } };
  const quiet = { "editor.minimap.enabled": false, "remote.autoForwardPorts": false };
  await chat.openAt(fake, { "parley.servers": servers, "parley.model": "workstation/coder-30b", ...quiet });
  await hideStatusBarItem(workbench, "Layout: us", "Keyboard Layout");
  await widenSideBar(workbench, 120);
  await ask(workbench, fake, chat);
  await workbench.page.mouse.move(640, 798);
  await workbench.page.screenshot({ path: inClone("media/screenshot.png"), animations: "disabled" });
} finally {
  await workbench.close();
  await fake.close();
}
