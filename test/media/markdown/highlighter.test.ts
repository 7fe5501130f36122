import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import highlightJs from "highlight.js/lib/core";
import { highlightCode, isData, isKnownLanguage, languageName, piecesOf, textOf } from "../../../media/markdown/highlighter.ts";
import type { CodeToken } from "../../../media/markdown/highlighter.ts";
import { CODE_LANGUAGES } from "../../../media/markdown/languages.ts";
import { inClone } from "../../rig/places.ts";
import { sampleDocument } from "./sample-documents.ts";

const joined = (tokens: readonly CodeToken[]): string => tokens.map(textOf).join("");
const scopesOf = (tokens: readonly CodeToken[]): string[] =>
  tokens.flatMap((token) => (typeof token === "string" ? [] : [token.scope, ...scopesOf(token.children)]));

const HOSTILE = [
  "",
  "\n",
  "<b>&amp;</b>",
  '"unclosed',
  "/* unclosed",
  "\\",
  "👩‍👩‍👧‍👦 日本語",
  "{".repeat(500),
  "a".repeat(3_000),
  "\0\u2028\uFFFD",
];

describe("Colours of code", () => {
  test("leave every character where it is, in every language", () => {
    for (const { id } of CODE_LANGUAGES) {
      const samples = Array.from({ length: 20 }, (_, seed) => sampleDocument(seed, 3));
      for (const code of [...HOSTILE, ...samples]) assert.equal(joined(highlightCode(code, id)), code, id);
    }
  });

  test("find keywords, names, strings and comments", () => {
    const scopes = scopesOf(highlightCode('// why\nexport function f(a: string) { return "x" + 1; }', "ts"));
    for (const scope of ["comment", "keyword", "title.function", "string", "number", "built_in"])
      assert.ok(scopes.includes(scope), `${scope} in ${scopes.join(" ")}`);
  });

  test("reach into the languages within others", () => {
    const scopes = scopesOf(highlightCode("<style>a { color: red }</style><script>let x = 1;</script>", "html"));
    assert.ok(scopes.includes("tag") && scopes.includes("keyword") && scopes.includes("attribute"), scopes.join(" "));
  });

  test("are there under every name that a grammar gives itself", () => {
    for (const { id, grammar, also = [], aliases = {} } of CODE_LANGUAGES) {
      highlightJs.registerLanguage(id, grammar);
      const own = highlightJs.getLanguage(id)?.aliases ?? [];
      assert.deepEqual(
        own.filter((name) => !also.includes(name) && !(name in aliases)),
        [],
        id,
      );
    }
  });

  test("are there under the names that models use", () => {
    const usual = [
      "js",
      "jsx",
      "javascript",
      "ts",
      "tsx",
      "typescript",
      "py",
      "python",
      "sh",
      "bash",
      "shell",
      "console",
      "zsh",
      "c",
      "cpp",
      "c++",
      "cs",
      "csharp",
    ];
    usual.push(
      "java",
      "kt",
      "rs",
      "rust",
      "go",
      "golang",
      "rb",
      "php",
      "swift",
      "sql",
      "json",
      "jsonc",
      "yaml",
      "yml",
      "toml",
      "ini",
      "xml",
      "html",
      "css",
      "scss",
    );
    usual.push(
      "less",
      "md",
      "markdown",
      "diff",
      "dockerfile",
      "makefile",
      "lua",
      "r",
      "scala",
      "dart",
      "ps1",
      "powershell",
      "graphql",
      "proto",
      "vue",
      "hs",
      "ex",
    );
    assert.deepEqual(
      usual.filter((language) => !isKnownLanguage(language)),
      [],
    );
  });

  test("are named for people, and a language without colours is called what the answer called it", () => {
    const named = Object.fromEntries(
      ["js", "py", "c", "html", "rs", "golang", "css", "brainfuck", ""].map((language) => [language, languageName(language)]),
    );
    assert.deepEqual(named, {
      js: "JavaScript",
      py: "Python",
      c: "C",
      html: "HTML",
      rs: "Rust",
      golang: "Go",
      css: "CSS",
      brainfuck: "brainfuck",
      "": "",
    });
    assert.equal(isKnownLanguage("brainfuck"), false);
  });

  test("have a rule in the styles for every scope that is common", () => {
    const styles = readFileSync(inClone("media/styles/code.css"), "utf8");
    for (const scope of [
      "keyword",
      "string",
      "comment",
      "number",
      "title",
      "type",
      "literal",
      "attr",
      "meta",
      "variable",
      "addition",
      "deletion",
    ]) {
      assert.ok(styles.includes(`.token-${scope}`), scope);
    }
  });
});

describe("Pieces of code", () => {
  const file = readFileSync(inClone("media/markdown/markdown-view.ts"), "utf8");

  test("joined are the code", () => {
    for (const code of [file, file.repeat(10), "", "\n\n", "no end", ...HOSTILE]) assert.equal(piecesOf(code).join(""), code);
  });

  const linesOf = (text: string): number => text.split("\n").length - 1;

  test("begin with a statement at the margin where there is one", () => {
    const pieces = piecesOf("function one() {\n\n  return 1;\n}\n\n".repeat(200));
    assert.equal(pieces.length, 17);
    for (const text of pieces) assert.match(text, /^function one/);
  });

  test("are cut after an empty line where no statement begins, and else at any line", () => {
    for (const code of [file.repeat(10), `class A {\n${"  f() {}\n\n".repeat(1_000)}`]) {
      const [, ...rest] = piecesOf(code);
      assert.ok(rest.length > 5);
      assert.ok(rest.every((text) => !text.startsWith("\n") && linesOf(text) <= 120));
    }
    assert.deepEqual(piecesOf("  x,\n".repeat(500)).map(linesOf), [120, 120, 120, 120, 20]);
  });

  test("stay as they are while the code grows", () => {
    const code = file.repeat(3);
    const whole = piecesOf(code);
    for (let end = 0; end < code.length; end += 997) {
      const now = piecesOf(code.slice(0, end));
      assert.deepEqual(now.slice(0, -1), whole.slice(0, Math.max(0, now.length - 1)), `after ${end}`);
    }
  });

  test("with a line of thousands of characters are data", () => {
    assert.equal(isData(`x = "${"y".repeat(3_000)}"`), true);
    assert.equal(isData("x = 1\n".repeat(1_000)), false);
  });
});
