import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { shownTail } from "../../../media/markdown/growing-tail.ts";
import { createMarkdown } from "../../../media/markdown/markdown.ts";
import { workOf } from "../../support/work-of.ts";
import { sampleDocument } from "./sample-documents.ts";

/** What is shown while this is all that has come. */
const CASES: readonly (readonly [title: string, pending: string, shown: string])[] = [
  ["a line of which only a dash has come does not make the paragraph a heading", "A paragraph\n-", "A paragraph"],
  ["nor does one of equals signs", "A paragraph\n==", "A paragraph"],
  ["the mark of a list item waits for its words", "- one\n-", "- one"],
  ["so does the number of one", "1. one\n2.", "1. one"],
  ["and the mark of one in a quotation", "> one\n> -", "> one"],
  ["the marks of a heading wait for its title", "##", ""],
  ["the marks of a fence wait for the rest of the line", "Code:\n``", "Code:"],
  ["strong words are strong before their end has come", "a **strong wor", "a **strong wor**"],
  ["half of the closing marks is not shown", "a **strong word*", "a **strong word**"],
  ["opening marks wait for the first word", "a **", "a "],
  ["so does one of them", "a *", "a "],
  ["soft words are soft before their end has come", "a *soft wor", "a *soft wor*"],
  ["with either mark", "a _soft wor", "a _soft wor_"],
  ["soft words within strong ones are closed first", "**strong and *soft", "**strong and *soft***"],
  ["both kinds at once are closed at once", "***both", "***both***"],
  ["an asterisk between spaces is no mark", "2 * 3 * 4 is", "2 * 3 * 4 is"],
  ["a line within a name is no mark", "call snake_case", "call snake_case"],
  ["closed soft words stay as they are", "a *soft* and _soft_ word", "a *soft* and _soft_ word"],
  ["closed strong words stay as they are", "a **strong** word", "a **strong** word"],
  ["code is code before its end has come", "call `parse", "call `parse`"],
  ["code with two marks is closed by two", "call ``a ` b", "call ``a ` b``"],
  ["asterisks in code open nothing", "`a ** b` and", "`a ** b` and"],
  ["a link whose address is coming shows its words", "see [the docs](https://exam", "see the docs"],
  ["an image whose address is coming shows nothing", "see ![a chart](https://exam", "see "],
  ["a complete link stays", "see [the docs](https://example.com)", "see [the docs](https://example.com)"],
  ["a table waits for its second row", "Values:\n\n| a | b |\n| --", "Values:\n"],
  ["a table with both rows is shown", "| a | b |\n|---|---|\n| 1", "| a | b |\n|---|---|\n| 1"],
  ["an unfinished row of a table stays", "| a | b |\n|---|---|\n| 1 | 2 |\n| 3", "| a | b |\n|---|---|\n| 1 | 2 |\n| 3"],
  ["indented code is left alone", "    a ** b", "    a ** b"],
  ["only the last paragraph is closed", "an **open one\n\nand `code", "an **open one\n\nand `code`"],
];

describe("The unfinished end of an answer", () => {
  for (const [title, pending, shown] of CASES) {
    test(title, () => {
      assert.equal(shownTail(pending), shown);
    });
  }

  test("is rendered without an error at every point of every sample", () => {
    const md = createMarkdown();
    for (let seed = 0; seed < 60; seed += 1) {
      const text = sampleDocument(seed, 4);
      for (let end = 0; end <= text.length; end += 3) assert.equal(typeof md.render(shownTail(text.slice(0, end)), {}), "string");
    }
  });

  test("costs little, whatever it is made of", () => {
    for (const unit of ["`", "`` ` ", "[a](", "**", "| ", "\n|", "- ", "![", "*a "]) {
      const text = unit.repeat(Math.floor(32_000 / unit.length));
      const took = workOf(() => shownTail(text));
      assert.ok(took < 1_000, `${unit}: ${Math.round(took)} ms`);
    }
  });
});
