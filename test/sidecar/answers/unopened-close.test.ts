// A closing tag that nobody opened: what models put at the end of a thought, and what prose says of the tag.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ThinkText } from "../../../sidecar/answers/thinking/think-text.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import { finish, text } from "../scripted-provider.ts";
import { checkEveryCut, everyCut, folded, told } from "./cut-answers.ts";

const cut: ProviderEvent = { type: "finish", finishReason: "length", rawFinishReason: "length" };
const call: ProviderEvent = { type: "tool-call", id: "1", name: "f", arguments: "{}" };

/** Of which it is unmistakable that they end a thought, so that something is learned of the model. */
const SURE: readonly string[] = [
  "So it is 4.\n</think>\n\nIt is 4.",
  "So it is 4\n</think>\n\nIt is 4.",
  "So it is 4.\n\n</think>\n\nit is 4.",
  "The code:\n\n```py\nprint(4)\n```\n</think>\n\nIt is 4.",
  "So it is 4.\n</think>\nIt is 4.",
  "So it is 4.\r\n</think>\r\n\r\nIt is 4.",
  "- 2 and 2\n- are 4\n</think>\n\nIt is 4.",
  "So it is 4.</think>\n\nit is 4.",
  "Is it 4? Yes!</think>**4**",
  'They don\'t say "why".</think>"4", said he.',
  "所以答案是四。</think>答案是四。",
  "Also ist es 4.</think>Das Ergebnis ist 4.",
  "It mentions `</think>`, so I quote it.\n</think>\n\nUse `</think>`.",
];

/** Of which nothing is learned. */
const LIKELY: readonly string[] = [
  "So it is 4</think>It is 4.",
  "So we then have to</think>\n\nIt is 4.",
  "I write the answer:\n</think>\n\nIt is 4.",
  "I write the answer:</think>\n\nIt is 4.",
  "So it is 4\n</think>\nIt is 4.",
  "So it is 4.</think>it is 4.",
  "所以答案是四</think>\n\n答案是四。",
];

const PROSE: readonly string[] = [
  "R1 ends its reasoning with '</think>' and then answers.",
  "Don't forget: 'a' and '</think>' end it.",
  "The tag **</think>** closes the block.",
  "It is *</think>* that ends it.",
  "It is __</think>__, or ~~</think>~~.",
  "* The tag *</think>* ends it.",
  "Das „</think>“ beendet den Gedanken.",
  "Das ‚</think>‘ beendet, »</think>« ebenso.",
  "Ça finit par «</think>», « </think> » ou “</think>”.",
  "用「</think>」结束，或者《</think>》。",
  "标签</think>表示思考结束。",
  "Das </think> Token beendet den Gedanken.",
  "the </think> Tag",
  "| tag | meaning |\n|---|---|\n| </think> | end of reasoning |",
  "|tag|meaning|\n|---|---|\n|</think>|End of reasoning|",
  "Tag | Meaning\n--- | ---\nend. | </think>\nnext | x",
  "The closing tag is </think>\n\nAfter it comes the answer.",
  "Everything ends with the tag </think>.\n\nAfter it comes the answer.",
  "It comes behind the last sentence. </think> is the closing tag.",
  "What ends a thought? </think>\n\nThat tag does.",
  "Cut everything up to </think>, then trim.",
  "See &lt; or </think>; fine.",
  "Tags: <b>, </think>, <i>",
  "text.split('</think>')[1] gives the answer.",
  'text.split("</think>")[1] and text.split(`</think>`)[1] give it.',
  'Pass "stop": ["\\n", "</think>"] or {"stop":"</think>"} there.',
  'In JSON: "split(\\"</think>\\")" does it.',
  "const [, answer = text] = text.split(/<\\/think>|</think>/u);",
  'It looks like "So it is 4.</think>It is 4." there.',
  "It looks like “So it is 4.</think>It is 4.” there.",
  "Use ``</think>`` here.",
  "Use ``a`b </think>`` here.",
  "```\nSo it is 4.\n</think>\n\nIt is 4.\n```\nThat is it.",
  "1. ```\n   a\n   </think>\n\n   b\n   ```",
  "As code:\n\n    So it is 4.\n    </think>\n\n    It is 4.",
  'In HTML <code></think></code>, or <kbd class="x"></think></kbd>.',
  "1. </think>\n2. answer",
  "- </think>\n- answer",
  "> </think>\n\nIs what it ends with.",
  "The tags (as in e.g. </think> Tags) end it.",
  "Some tags, e.g. </think> Tags.",
  "The closing tag is:\n</think>\nAfter it comes the answer.",
  "The closing tag is:\n\n</think>\n\nAfter it comes the answer.",
  "A thought is followed by\n\n</think>\n\nand then by the answer.",
  "A thought ends with\n</think> and is followed by the answer.",
  "Format: reasoning</think>answer.",
  "</think> is the closing tag.",
  "</think>: the closing tag.",
  "</think>",
  "So it is 4.\n</think>",
  "So it is 4.</think>\n\n",
  "So it is <think>here</think>\n\nand there.\n</think>\n\nIt is 4.",
  '<plan>\n<reasoning score="1">It is 4.</reasoning>\n<answer>4</answer>\n</plan>',
  "The plan:\n<Thought\n n='1'>\nIt is 4.\n</thought>\n\nIt is done.",
];

describe("A closing tag at the end of a thought that the template opened", () => {
  for (const [answers, opens] of [
    [SURE, true],
    [LIKELY, undefined],
  ] as const) {
    for (const answer of answers) {
      test(`quirk 29: ${opens === true ? "teaches" : "teaches nothing"}: ${JSON.stringify(answer)}`, () => {
        const at = answer.search(/(?<!`)<\/think>/u);
        const expected = { reasoning: answer.slice(0, at), text: answer.slice(at + "</think>".length).trimStart(), opens };
        checkEveryCut(answer, expected);
        checkEveryCut(answer, expected, "likely");
      });
    }
  }

  test("quirk 29: a call of a tool may follow it in the place of an answer", () => {
    for (const answer of ["So I call f.\n</think>\n\n", "So I call f.</think>"]) {
      const [reasoning = ""] = answer.split("</think>");
      for (const pieces of everyCut(answer)) {
        assert.deepEqual(told([...pieces, call]), { reasoning, text: "", opens: true }, JSON.stringify(pieces));
        assert.deepEqual(told([...pieces, call], { presumed: "likely" }), { reasoning, text: "", opens: true }, JSON.stringify(pieces));
      }
    }
  });
});

describe("Prose that speaks of the closing tag", () => {
  for (const answer of PROSE) {
    test(`quirk 29: stays text: ${JSON.stringify(answer)}`, () => {
      checkEveryCut(answer, { reasoning: "", text: answer, opens: undefined });
      checkEveryCut(answer, { reasoning: "", text: answer, opens: false }, "likely");
    });
  }

  test("quirk 29: a thought between tags may put it in any quotes, too", () => {
    for (const quoted of ["'</think>'", "**</think>**", "„</think>“", "(</think>)", "``</think>``", "<code></think></code>"]) {
      const reasoning = `They ask about ${quoted} as it seems.`;
      checkEveryCut(`<think>${reasoning}</think>It ends it.`, { reasoning, text: "It ends it." });
    }
    checkEveryCut("<think>**So:**</think>**4**", { reasoning: "**So:**", text: "**4**" });
    checkEveryCut("<think>The dogs'</think>'t is.", { reasoning: "The dogs'", text: "'t is." });
  });

  test("quirk 29: an answer that speaks of it again and again stays text, whatever was learned before", () => {
    const answer = "Then '</think>' follows. ".repeat(40);
    for (const presumed of ["none", "likely"] as const) {
      for (const pieces of [[answer], Array.from(answer)]) {
        const seen = told(pieces, { presumed });
        assert.deepEqual(seen, { reasoning: "", text: answer, opens: presumed === "none" ? undefined : false });
      }
    }
  });
});

describe("An answer of a model of which one answer began inside a thought", () => {
  test("quirk 29: loses no text where it is cut before a closing tag, and the model is forgotten", () => {
    const answer = "Paris is the capital of France, and";
    for (const ending of [cut, null, finish]) {
      for (const pieces of everyCut(answer)) {
        assert.deepEqual(told(pieces, { presumed: "likely", ending }), { reasoning: "", text: answer, opens: false });
      }
    }
  });

  test("quirk 29: of which two did: what was cut before a closing tag was thought", () => {
    assert.deepEqual(told(["So we", " have"], { presumed: "known", ending: cut }), { reasoning: "So we have", text: "", opens: undefined });
  });
});

describe("White space of any length", () => {
  const LONG = 10_000;

  const lengthOf = (owner: unknown, subject: unknown): number =>
    typeof owner === "string" ? owner.length : typeof subject === "string" ? subject.length : 0;

  /** Text that is looked at as a whole with every piece that comes costs its length each time. */
  for (const [where, before, after, expected] of [
    ["at the beginning", "", "x", { reasoning: "", text: `${" ".repeat(LONG)}x` }],
    ["at the beginning of a thought", "<think>", "x</think>y", { reasoning: `${" ".repeat(LONG)}x`, text: "y" }],
    ["in an empty thought", "<think>", "</think>y", { reasoning: "", text: "y" }],
    ["after a thought", "<think>x</think>", "y", { reasoning: "x", text: "y" }],
    ["after a closing tag that nobody opened", "So it is 4.\n</think>\n", "y", { reasoning: "So it is 4.\n", text: "y" }],
    ["after a tag that is spoken of", "It is </think>", "y", { reasoning: "", text: `It is </think>${" ".repeat(LONG)}y` }],
    [
      "after a call in a channel",
      "<|channel|>commentary to=functions.f<|message|>{}<|call|>",
      "y",
      { reasoning: "", text: `${" ".repeat(LONG)}y` },
    ],
  ] as const) {
    test(`${where} is searched once, however many pieces it comes in`, (context) => {
      const spies = [
        context.mock.method(String.prototype, "search"),
        context.mock.method(String.prototype, "trimStart"),
        context.mock.method(RegExp.prototype, "exec"),
      ];
      const thinking = new ThinkText("none", ["f"]);
      const events: ProviderEvent[] = [];
      for (const piece of [before, ...Array.from(" ".repeat(LONG)), after]) events.push(...thinking.read([text(piece)]));
      events.push(...thinking.read([finish]));
      context.mock.restoreAll();
      const searched = spies.reduce(
        (sum, { mock }) => sum + mock.calls.reduce((length, one) => length + lengthOf(one.this, one.arguments[0]), 0),
        0,
      );
      assert.deepEqual(folded(events), expected);
      assert.ok(searched < 10 * LONG, `${searched} characters`);
    });
  }
});
