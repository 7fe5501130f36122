// What a theme must give to every reader, measured in the page: contrast of all text, and borders in high contrast.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answer, post, question, show, waitUntilSettled } from "./chat-driver.ts";
import { composer, open, page, useFreshPage } from "./page-under-test.ts";
import { themes } from "./page-server.ts";
import { scenes } from "./scenes.ts";

/** What WCAG 2 asks of text at the sizes used here. */
const LEAST_CONTRAST = 4.5;
const SCENES = ["empty-demo", "long", "chips", "thinking", "error", "cut-by-length", "connecting"];

interface Faint {
  readonly where: string;
  readonly contrast: number;
}

/** Runs in the page: visible text whose contrast with what is behind it is lower than asked for. */
function faintTexts(least: number): readonly Faint[] {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  if (canvas === null) throw new Error("There is no canvas to read colours with.");
  type Colour = readonly [red: number, green: number, blue: number, alpha: number];
  const read = (css: string): Colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (top: Colour, below: Colour, opacity = 1): Colour => {
    const alpha = top[3] * opacity;
    const mix = (index: 0 | 1 | 2): number => top[index] * alpha + below[index] * (1 - alpha);
    return [mix(0), mix(1), mix(2), 1];
  };
  const luminance = ([red, green, blue]: Colour): number => {
    const linear = (value: number): number => (value / 255 <= 0.039_28 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  };
  const around = (element: Element): Element[] =>
    element.parentElement === null ? [element] : [...around(element.parentElement), element];

  const faint: Faint[] = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode() !== null) {
    const element = texts.currentNode.parentElement;
    if (element === null || texts.currentNode.textContent?.trim() === "") continue;
    if (!element.checkVisibility() || element.closest(".visually-hidden, script, style") !== null) continue;
    const path = around(element);
    const below = path.reduce<Colour>((colour, one) => over(read(getComputedStyle(one).backgroundColor), colour), [255, 255, 255, 1]);
    const opacity = path.reduce((product, one) => product * Number(getComputedStyle(one).opacity), 1);
    const [one, other] = [luminance(below), luminance(over(read(getComputedStyle(element).color), below, opacity))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < least)
      faint.push({ where: `${element.className || element.tagName}: ${element.textContent?.slice(0, 20) ?? ""}`, contrast });
  }
  return faint;
}

interface Look {
  readonly color: string;
  readonly background: string;
  readonly border: string;
  readonly outline: string;
  readonly opacity: number;
}

/** How a button looks while it cannot be pressed, the same with the pointer on it, and after what makes it pressable. */
async function seen(selector: string, enable: () => Promise<void>): Promise<{ readonly disabled: Look; readonly enabled: Look }> {
  const look = async (state: ":not([aria-disabled=true])" | "[aria-disabled=true]"): Promise<Look> =>
    page.locator(selector + state).evaluate((button) => {
      const { color, backgroundColor, borderStyle, border, outlineStyle } = getComputedStyle(button);
      const icon = button.querySelector(".codicon");
      const opacity = icon === null ? 1 : Number(getComputedStyle(icon).opacity);
      return { color, background: backgroundColor, border: borderStyle === "none" ? "none" : border, outline: outlineStyle, opacity };
    });
  const disabled = await look("[aria-disabled=true]");
  await page.locator(selector).hover();
  assert.deepEqual(await look("[aria-disabled=true]"), disabled);
  await page.mouse.move(0, 0);
  await enable();
  return { disabled, enabled: await look(":not([aria-disabled=true])") };
}

describe("In every theme of VS Code", () => {
  useFreshPage();

  for (const theme of themes) {
    test(`all text can be read against what is behind it: ${theme}`, async () => {
      // Without motion, so that no colour is on its way to another.
      await page.emulateMedia({ reducedMotion: "reduce" });
      await open({ theme });
      for (const name of SCENES) {
        await post(page, ...(scenes[name]?.messages ?? []));
        // Events are applied in the next frame: else it would be the scene before that is looked at.
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
        await page.locator(".turn, .empty").first().waitFor();
        await page.waitForFunction((code) => !code || document.querySelectorAll(".code-block .token-keyword").length > 5, name === "long");
        assert.deepEqual(await page.evaluate(faintTexts, LEAST_CONTRAST), [], name);
      }
    });
  }

  for (const theme of ["high-contrast", "high-contrast-light"] as const) {
    test(`surfaces and buttons have borders: ${theme}`, async () => {
      await open({ theme });
      await post(page, ...(scenes["error"]?.messages ?? []), ...(scenes["long"]?.messages ?? []), { type: "sidecar", state: "failed" });
      await page.locator(".table-scroll").first().waitFor();
      const bare = await page.evaluate(() =>
        [".bubble", ".code-block", ".table-scroll", ".composer", ".card", ".card .button", ".send-button"].filter((selector) => {
          const element = document.querySelector(selector);
          const style = element === null ? undefined : getComputedStyle(element);
          return style === undefined || style.borderTopWidth === "0px" || /transparent|, 0\)$/.test(style.borderTopColor);
        }),
      );
      assert.deepEqual(bare, []);
    });
  }

  for (const theme of [...themes, "forced-colors"] as const) {
    test(`what cannot be pressed now looks so, also under the pointer: ${theme}`, async () => {
      const forced = theme === "forced-colors";
      await page.emulateMedia({ reducedMotion: "reduce", forcedColors: forced ? "active" : "none" });
      await open({ theme: forced ? "high-contrast" : theme });
      await post(page, show([]));
      const send = await seen(".send-button", async () => composer().fill("Why?"));
      assert.notEqual(send.disabled.color, send.enabled.color);
      const { background, border } = send.disabled;
      assert.notDeepEqual([background, border], [send.enabled.background, send.enabled.border]);
      // Where everything has a border and few colours are there, it is the form that tells.
      if (forced || theme.startsWith("high-contrast")) assert.match(border, /dashed/);
      await post(page, show([question("q1", "Why?", { siblings: ["q1", "q2"] }), answer("a1", "So.")]));
      const previous = '.versions .icon-button[aria-label="Previous version"]';
      const { disabled, enabled } = await seen(previous, async () => {
        await post(page, show([question("q2", "Why?", { siblings: ["q1", "q2"] }), answer("a2", "So.")]));
      });
      assert.ok(disabled.opacity < enabled.opacity, `${disabled.opacity} ${enabled.opacity}`);
      await page.emulateMedia({ forcedColors: "none" });
    });
  }

  test("the focus can be seen on everything that takes it", async () => {
    await open({ theme: "high-contrast", place: "editor" });
    await post(page, ...(scenes["long"]?.messages ?? []));
    await page.locator(".code-copy").first().waitFor();
    await waitUntilSettled(page);
    await page.locator("body").press("Tab");
    for (let index = 0; index < 8; index += 1) {
      const focused = await page.evaluate(() => {
        const element = document.activeElement;
        const box = element?.closest(".composer") ?? element;
        const style = element === null || box === null ? undefined : getComputedStyle(box);
        return {
          name: element?.className ?? "",
          shown: style !== undefined && (style.outlineStyle !== "none" || box?.className === "composer"),
        };
      });
      assert.equal(focused.shown, true, focused.name);
      await page.keyboard.press("Tab");
    }
  });
});
