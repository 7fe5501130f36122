// What the compiler cannot hold together: names in styles, icons and texts against those who define them.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { localise, text } from "../../media/strings.ts";
import { inClone } from "../rig/places.ts";
import { readTheme, themes } from "./browser/page-server.ts";

const read = (pattern: string): string[] => globSync(pattern, { cwd: inClone() }).map((file) => readFileSync(inClone(file), "utf8"));
const styles = read("media/styles/*.css")
  .join("\n")
  .replace(/\/\*[\s\S]*?\*\//g, "");
const sources = read("media/**/*.{ts,tsx}").join("\n");

const found = (in_: string, pattern: RegExp): string[] =>
  [...new Set(Array.from(in_.matchAll(pattern), (match) => match[1] ?? ""))].toSorted();

describe("Styles of the page", () => {
  test("use only variables that VS Code has in one of its themes", () => {
    const known = new Set(themes.flatMap((theme) => Object.keys(readTheme(theme).variables)));
    const used = found(styles, /var\((--vscode-[\w-]+)/g);
    assert.ok(used.length > 40);
    assert.deepEqual(
      used.filter((name) => !known.has(name)),
      [],
    );
  });

  test("give a variable that some theme lacks something to fall back on, or leave the property out there", () => {
    const everywhere = themes.map((theme) => new Set(Object.keys(readTheme(theme).variables)));
    const bare = found(styles, /var\((--vscode-[\w-]+)\)/g).filter((name) => !everywhere.every((known) => known.has(name)));
    // Used under `.vscode-high-contrast` alone, whose themes have it.
    assert.deepEqual(bare, ["--vscode-contrastBorder"]);
    for (const rule of styles.matchAll(/([^{}]*)\{[^{}]*var\(--vscode-contrastBorder\)/g))
      assert.match(rule[1] ?? "", /vscode-high-contrast/);
  });

  test("name no colour of their own", () => {
    const colours = styles.match(/#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?)\(|:\s*(?:white|black|red|gray|grey)\b/gi) ?? [];
    // Black in a mask means: visible.
    assert.deepEqual(
      colours.filter((colour) => colour !== "#000" && colour !== "#root"),
      [],
    );
    assert.equal(styles.match(/#000\b/g)?.length, styles.match(/mask-image: linear-gradient\(to bottom, #000/g)?.length);
  });

  test("are files of at most 400 lines, like all others", () => {
    const long = globSync("media/styles/*.css", { cwd: inClone() }).filter(
      (file) => readFileSync(inClone(file), "utf8").trimEnd().split("\n").length > 400,
    );
    assert.deepEqual(long, []);
  });

  test("define every variable of the page's own that they use", () => {
    const defined = new Set(found(styles, /(--(?:parley|card)-[\w-]+)\s*:/g));
    assert.deepEqual(
      found(styles, /var\((--(?:parley|card)-[\w-]+)/g).filter((name) => !defined.has(name)),
      [],
    );
  });

  test("have no rule for a class that the page never gives", () => {
    const given = (name: string): boolean =>
      sources.includes(name) || /^(?:token|card|notice|button|codicon|vscode|align|turn)-/.test(name);
    const classes = found(styles, /\.([a-z][\w-]+)/g).filter((name) => name !== "css");
    assert.ok(classes.length > 60);
    assert.deepEqual(
      classes.filter((name) => !given(name)),
      [],
    );
  });
});

describe("Icons of the page", () => {
  test("are all in the icon font", () => {
    const font = readFileSync(createRequire(import.meta.url).resolve("@vscode/codicons/dist/codicon.css"), "utf8");
    const named = [
      ...found(sources, /(?:name|icon)="([a-z-]+)"/g),
      ...found(sources, /codicon-([a-z-]+)/g),
      "plug",
      "info",
      "check",
      "circle-large-outline",
      "error",
      "warning",
    ];
    assert.ok(named.length > 12);
    assert.deepEqual(
      named.filter((name) => name !== "" && !font.includes(`.codicon-${name}:before`)),
      [],
    );
  });
});

describe("Texts of the page", () => {
  const keys = found(readFileSync(inClone("media/strings.ts"), "utf8").split("export type TextKey")[0] ?? "", /^ {2}(\w+):/gm);

  test("are all shown somewhere", () => {
    const others = sources.replace(/const ENGLISH = \{[\s\S]*?\n\};/, "");
    assert.ok(keys.length > 60);
    assert.deepEqual(
      keys.filter((key) => !others.includes(`"${key}"`)),
      [],
    );
  });

  test("have their places filled, and keep a place without a value", () => {
    assert.equal(text("changeModel", { model: "$& $1 {x}" }), "Model: $& $1 {x}. Change it…");
    assert.equal(text("changeModel"), "Model: {model}. Change it…");
  });

  test("can be replaced by those of another language, one by one", () => {
    localise({ send: "Senden", changeModel: "{model} ändern" });
    assert.deepEqual([text("send"), text("changeModel", { model: "X" }), text("stop")], ["Senden", "X ändern", "Stop"]);
    localise({});
    assert.equal(text("send"), "Send");
  });

  test("are nowhere in the components", () => {
    const components = read("media/view/**/*.tsx").join("\n");
    const literal = components.match(/>\s*[A-Z][a-z]+ [a-z]+[^<{}]*</g) ?? [];
    assert.deepEqual(
      literal.filter((words) => !/=>|;/.test(words)),
      [],
    );
    assert.deepEqual(components.match(/(?:title|aria-label|placeholder|label)="[^"]+"/g) ?? [], []);
  });
});
