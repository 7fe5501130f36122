// What can be measured of how a page looks: whether its text stands out from what is behind it, and whether it fits.

import type { FrameLocator } from "playwright-core";

export interface Legibility {
  /** Texts whose contrast with their background is lower than it should be, with the figure, as WCAG defines it. */
  readonly faint: readonly string[];
  /** Texts that are cut off although the page's styles mean them to be read whole. */
  readonly cutOff: readonly string[];
  /** True where the page would scroll sideways. */
  readonly tooWide: boolean;
}

/** Contrast of small text that people with low vision can read, by WCAG 2. */
export const READABLE = 4.5;

export async function legibilityOf(page: FrameLocator, least = READABLE): Promise<Legibility> {
  return page.locator("body").evaluate(`(${MEASURE})(document.body, ${least})`);
}

/**
 * Colours come as `rgb()` or as `color(srgb …)`, so that a canvas reads them. The body is transparent: behind it the editor paints
 * the colour of the place in which the page stands.
 */
const MEASURE = `(body, least) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return { r, g, b, a: a / 255 };
  };
  const over = (top, below, share = 1) => {
    const a = top.a * share;
    const mix = (one, other) => one * a + other * (1 - a);
    return { r: mix(top.r, below.r), g: mix(top.g, below.g), b: mix(top.b, below.b), a: 1 };
  };
  const place = parse(getComputedStyle(document.documentElement).getPropertyValue("--vscode-sideBar-background"));
  const behind = (element) =>
    element === null ? place : over(parse(getComputedStyle(element).backgroundColor), behind(element.parentElement));
  const opacity = (element) => (element === null ? 1 : Number(getComputedStyle(element).opacity) * opacity(element.parentElement));
  const luminance = ({ r, g, b }) => {
    const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const contrast = (element) => {
    const background = behind(element);
    const [light, dark] = [luminance(over(parse(getComputedStyle(element).color), background, opacity(element))), luminance(background)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const faint = new Set();
  const cutOff = new Set();
  for (const element of body.querySelectorAll("*")) {
    const words = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "").map((node) => node.data.trim()).join(" ");
    const style = getComputedStyle(element);
    if (words === "" || element.closest("script, style, .visually-hidden, [aria-disabled=true]") !== null || !element.checkVisibility({ visibilityProperty: true })) continue;
    const ratio = contrast(element);
    if (ratio < least) faint.add(ratio.toFixed(2) + ": " + words.slice(0, 60));
    // A title may be long; it stands in full above the conversation's list.
    if (style.textOverflow === "ellipsis" && !element.matches("h1") && element.scrollWidth > element.clientWidth) cutOff.add(words.slice(0, 60));
  }
  return { faint: [...faint], cutOff: [...cutOff], tooWide: document.documentElement.scrollWidth > document.documentElement.clientWidth };
}`;
