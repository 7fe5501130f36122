// *Set API Key…* as a person does it, for browser tests.

import type { FakeProvider } from "./fake-provider.ts";
import type { Workbench } from "./workbench.ts";

/** Enters the key of the server that is called `here` in the settings; returns when that server was told to answer. */
export async function enterApiKey(workbench: Workbench, server: FakeProvider, key: string, screenshot?: string): Promise<void> {
  const { page } = workbench;
  await workbench.runCommand("Parley: Set API Key…");
  // The list is asked for first, and holds only what is on screen.
  await workbench.quickInputTitle("Set API Key").waitFor();
  await workbench.quickInput().fill(server.origin);
  await page.locator(".quick-input-list").getByText(server.origin).waitFor();
  await workbench.quickInput().press("Enter");
  await workbench.quickInputTitle("API Key for here").waitFor();
  const field = page.locator(".quick-input-widget input[type=password]");
  await field.fill(key);
  if (screenshot !== undefined) await workbench.screenshot(screenshot);
  await field.press("Enter");
  await workbench.toast("here answers.");
  await workbench.clearNotifications();
}
