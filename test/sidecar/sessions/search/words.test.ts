import assert from "node:assert/strict";
import { test } from "node:test";
import { snippetOf, rangesOf } from "../../../../sidecar/sessions/search/matches.ts";
import { searchableText } from "../../../../sidecar/sessions/search/message-text.ts";
import { phrasesOf } from "../../../../sidecar/sessions/search/phrases.ts";
import { fold, foldWithPositions, indexedWords, runMark } from "../../../../sidecar/sessions/search/words.ts";

const cases: readonly (readonly [text: string, words: string])[] = [
  ["Hello, world!", "hello world"],
  ["foo.bar(baz_qux) --flag=1", "foo bar baz qux flag 1"],
  ["Café CRÈME, naïve Straße ŁÓDŹ Ærø", "cafe creme naive strasse lodz aero"],
  ["東京の天気", "東京 京の の天 天気 気"],
  ["中", "中"],
  ["API接口、文档", "api 接口 口 文档 档"],
  ["ﾃｽﾄ ＡＢＣ１２", "テス スト ト abc12"],
  ["안녕하세요 세계", "안녕 녕하 하세 세요 요 세계 계"],
  ["สวัสดี", "สว วั ัส สด ดี ี"],
  ["Привет, ΣΊΣΥΦΟΣ", "привет σισυφοσ"],
  ["שָׁלוֹם مَرْحَبًا", "שלום مرحبا"],
  ["हिन्दी में", "हिन्दी में"],
  ["𠮷野家 😀 👩‍💻", "𠮷野 野家 家"],
  ["x".repeat(100), "x".repeat(40)],
  ["", ""],
];

for (const [text, words] of cases) {
  test(`the words of "${text.slice(0, 30)}"`, () => {
    assert.equal(indexedWords(text.normalize("NFC")).replaceAll(runMark, ""), words);
  });
}

test("folded positions lead back to where each character came from", () => {
  for (const [text] of cases) {
    const whole = text.normalize("NFC");
    const { text: folded, positions } = foldWithPositions(whole);
    assert.equal(folded, fold(whole));
    const back = (at: number): number => positions?.[at] ?? at;
    assert.equal(back(folded.length), whole.length);
    for (let at = 0; at < folded.length; at += 1) {
      assert.ok(back(at) <= back(at + 1));
      // The character that it came from folds to something that holds it.
      const original = Array.from(whole.slice(back(at)))[0] ?? "";
      assert.ok(fold(original).includes(folded.charAt(at)), `${folded.charAt(at)} of ${original}`);
    }
  }
});

test("what was typed becomes phrases: by spaces, quotation marks and what stands together", () => {
  const told = (text: string): readonly string[] =>
    phrasesOf(text).map(({ words, open }) => words.join(" ").replaceAll(runMark, "") + (open ? "*" : ""));
  assert.deepEqual(told("unit tests"), ["unit", "tests*"]);
  assert.deepEqual(told("unit tests "), ["unit", "tests"]);
  assert.deepEqual(told('"unit tests" pass'), ["unit tests", "pass*"]);
  assert.deepEqual(told('pass "unit te'), ["pass", "unit te*"]);
  assert.deepEqual(told("„unit tests“"), ["unit tests"]);
  assert.deepEqual(told("foo.bar("), ["foo bar*"]);
  assert.deepEqual(told("vitamin c"), ["vitamin", "c"]);
  assert.deepEqual(told("東"), ["東*"]);
  assert.deepEqual(told("東 京都 "), ["東*", "京都"]);
  assert.deepEqual(told("東京都"), ["東京 京都"]);
  assert.deepEqual(told("API接口"), ["api 接口"]);
  assert.deepEqual(told("用API"), ["用 api*"]);
  for (const nothing of ["", "  ", '""', "*", "- ( ) :", "…"]) assert.deepEqual(told(nothing), []);
});

test("a pattern finds what its words find: whole words, beginnings, phrases, and characters inside of runs", () => {
  const found = (text: string, query: string): readonly string[] =>
    rangesOf(text, phrasesOf(query)).map(([from, to]) => text.slice(from, to));
  assert.deepEqual(found("Test tests attest TEST.", "test "), ["Test", "TEST"]);
  assert.deepEqual(found("Test tests attest", "test"), ["Test", "test"]);
  assert.deepEqual(found("unit, tests; unit-tests unittests", '"unit tests"'), ["unit, tests", "unit-tests"]);
  assert.deepEqual(found("Das Café am Straßenrand", "cafe strasse"), ["Café", "Straße"]);
  assert.deepEqual(found("今日は東京の天気です", "東京"), ["東京"]);
  assert.deepEqual(found("今日は東京の天気です", "気"), ["気"]);
  assert.deepEqual(found("使用API接口", "API接"), ["API接"]);
  assert.deepEqual(found("aAPI API", "api "), ["API"]);
  assert.deepEqual(found(`${"x".repeat(50)} ${"x".repeat(39)}`, `${"x".repeat(45)} `), ["x".repeat(50)]);
});

test("a snippet is one line around the most that was found, cut between words and never inside a character", () => {
  const filler = "nothing of note here ";
  const text = `${filler.repeat(20)}\n\n  The quick\tbrown fox. ${"😀".repeat(300)}`;
  const { text: snippet, matches } = snippetOf(text, phrasesOf('fox "quick brown"'));
  assert.match(snippet, /^….*note here The quick brown fox\. 😀/);
  assert.ok(snippet.isWellFormed());
  assert.ok(snippet.length <= 210);
  assert.deepEqual(
    matches.map(([from, to]) => snippet.slice(from, to)),
    ["quick brown", "fox"],
  );
  const short = snippetOf("Just\nthis", phrasesOf("this"));
  assert.deepEqual(short, { text: "Just this", matches: [[5, 9]] });
});

test("a snippet shows where different words meet, not where one of them stands first", () => {
  const text = `alpha ${"filler ".repeat(100)} alpha beta ${"filler ".repeat(100)}`;
  const { text: snippet, matches } = snippetOf(text, phrasesOf("alpha beta "));
  assert.deepEqual(
    matches.map(([from, to]) => snippet.slice(from, to)),
    ["alpha", "beta"],
  );
});

test("what was said and attached can be found, not what was thought", () => {
  const opaque = { type: "opaque", provider: "p", data: "signature" } as const;
  const call = { type: "tool-call", id: "1", name: "read_file", arguments: '{"path":"a.ts"}' } as const;
  const text = searchableText({
    role: "assistant",
    content: [{ type: "reasoning", text: "secretly" }, { type: "text", text: "Openly" }, opaque, call],
  });
  assert.equal(text, 'Openly\nread_file {"path":"a.ts"}');
  const file = { type: "file", uri: "file:///x/notes.md", name: "notes.md", text: "Cafe\u0301" } as const;
  assert.equal(
    searchableText({ role: "user", content: [file, { type: "image", mediaType: "image/png", data: "aWl3" }] }),
    "notes.md\nCafé",
  );
});
