// What a model thinks is told from what it says where both arrive as one text: every way to cut it, tags that nobody opened,
// prose that only speaks of a tag.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ThinkText } from "../../../sidecar/answers/thinking/think-text.ts";
import { THINK_TAGS } from "../../../sidecar/answers/thinking/think-tags.ts";
import { MAX_CALLS } from "../../../sidecar/providers/held-parts.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import { AnswerTooLarge } from "../../../sidecar/providers/wire-adapter.ts";
import { finish, text, usage } from "../scripted-provider.ts";
import { checkEveryCut, everyCut, folded, told, type Told } from "./cut-answers.ts";

const thought = (value: string): ProviderEvent => ({ type: "reasoning-delta", text: value });

describe("What is thought between tags", () => {
  for (const { open, close } of THINK_TAGS) {
    test(`quirk 29: ${open} cut anywhere is still a tag, and nothing beside the tags is lost`, () => {
      checkEveryCut(`${open}First < I "add".${close}It is 4.`, { reasoning: 'First < I "add".', text: "It is 4." });
    });
  }

  test("quirk 29: white space around the tags belongs neither to the thought nor to the text", () => {
    checkEveryCut("\n<think>\nI add.\n</think>\n\nIt is 4.\n", { reasoning: "\nI add.\n", text: "It is 4.\n" });
    checkEveryCut("<think>I add.</think>\n\n", { reasoning: "I add.", text: "" });
  });

  test("quirk 29: a thought that comes in pieces with tags around each is one", () => {
    checkEveryCut("<reasoning>I add</reasoning><reasoning> 2 and 2.\n</reasoning><reasoning>So.</reasoning>It is 4.", {
      reasoning: "I add 2 and 2.\nSo.",
      text: "It is 4.",
    });
  });

  test("quirk 29: an empty thought leaves nothing behind", () => {
    checkEveryCut("<think>\n\n</think>\n\nIt is 4.", { reasoning: "", text: "It is 4." });
    checkEveryCut("<|channel>thought\n<channel|>It is 4.", { reasoning: "", text: "It is 4." });
  });

  test("quirk 29: thoughts that follow each other are all thoughts", () => {
    checkEveryCut("<think>One.</think>\n<think>Two.</think>Said.", { reasoning: "One.\nTwo.", text: "Said." });
  });

  test("quirk 29: a thought that is never closed stays one, whatever the answer ended with", () => {
    for (const pieces of everyCut("<think>I add and add </thi")) {
      const length = { type: "finish", finishReason: "length", rawFinishReason: "length" } as const;
      for (const ending of [finish, length, null]) {
        assert.deepEqual(partsOf(pieces, ending), { reasoning: "I add and add </thi", text: "" });
      }
    }
  });

  test("quirk 29: a closing tag that a thought quotes does not close it", () => {
    checkEveryCut("<think>They ask about `</think>` tags.</think>They end it.", {
      reasoning: "They ask about `</think>` tags.",
      text: "They end it.",
    });
    checkEveryCut('<think>So "`a`"</think>`a` it is.', { reasoning: 'So "`a`"', text: "`a` it is." });
  });

  test("quirk 29: the closing tag of another family does not close it", () => {
    checkEveryCut("<think>An </thinking> in it.</think>Said.", { reasoning: "An </thinking> in it.", text: "Said." });
  });

  test("a tool call after the thought keeps its place", () => {
    const call: ProviderEvent = { type: "tool-call", id: "1", name: "f", arguments: "{}" };
    const thinking = new ThinkText("none");
    const events = ["<think>Call it.</think>", "\n\n", call, finish].flatMap((one) =>
      thinking.read([typeof one === "string" ? text(one) : one]),
    );
    assert.deepEqual(events, [thought("Call it."), call, finish]);
  });

  test("figures between the pieces of a tag do not tear it", () => {
    assert.deepEqual(told(["<thi", usage, "nk>A</th", usage, "ink>B"]), { reasoning: "A", text: "B", opens: undefined });
  });
});

function partsOf(pieces: readonly string[], ending: ProviderEvent | null): Pick<Told, "reasoning" | "text"> {
  const { reasoning, text: said } = told(pieces, { ending });
  return { reasoning, text: said };
}

describe("What is thought in a channel of its own", () => {
  const analysis = "<|channel|>analysis<|message|>";
  const final = "<|start|>assistant<|channel|>final<|message|>";

  test("quirk 29: is told from the final channel, cut anywhere, and no mark is left", () => {
    for (const start of ["", "<|start|>assistant"]) {
      for (const end of ["<|return|>", "<|end|>", ""]) {
        checkEveryCut(`${start}${analysis}I add <2.<|end|>${final}It is <b>4</b>.${end}`, {
          reasoning: "I add <2.",
          text: "It is <b>4</b>.",
        });
      }
    }
  });

  test("quirk 29: also where the end marks or the header of the final channel are missing", () => {
    checkEveryCut(`${analysis}I add.${final}It is 4.`, { reasoning: "I add.", text: "It is 4." });
    checkEveryCut(`${analysis}I add.<|channel|>final<|message|>It is 4.`, { reasoning: "I add.", text: "It is 4." });
    checkEveryCut(`${analysis}I add.<|end|>It is 4.`, { reasoning: "I add.", text: "It is 4." });
  });

  test("quirk 29: what a model says before its last channel is said, and white space behind a thought belongs to it", () => {
    const commentary = "<|start|>assistant<|channel|>commentary<|message|>";
    checkEveryCut(`\n${analysis}I add.<|end|>\n${commentary}I look. <|end|><|start|>assistant${analysis}Hm.<|end|>${final}4`, {
      reasoning: "\nI add.\nHm.",
      text: "I look. 4",
    });
  });

  test("quirk 29: a thought that is never ended stays one", () => {
    for (const pieces of everyCut(`${analysis}I add <|en`)) {
      assert.deepEqual(partsOf(pieces, null), { reasoning: "I add <|en", text: "" }, JSON.stringify(pieces));
    }
  });

  test("quirk 29: white space behind the last mark belongs to the answer, and much of it says that this was not the end", () => {
    checkEveryCut(`${final}4<|return|>\n`, { reasoning: "", text: "4\n" });
    const words = `4<|return|>${" ".repeat(150)}`;
    assert.deepEqual(partsOf([final, ...Array.from(words)], finish), { reasoning: "", text: words });
  });

  test("quirk 29: the final channel may speak of marks, and a thought may quote them", () => {
    const words = `Write <|end|> and then:\n${final}Hi<|return|> to end it.`;
    checkEveryCut(`${analysis}They ask about \`<|end|>\` and \`${final}\`.<|end|>${final}${words}`, {
      reasoning: `They ask about \`<|end|>\` and \`${final}\`.`,
      text: words,
    });
  });

  test("quirk 29: marks anywhere but at the very beginning, and what only looks like a header, are text", () => {
    for (const words of [
      `The header is ${analysis}, then \`<|end|>\` and ${final}.`,
      `\`${analysis}\` begins a thought.`,
      "<|channel|> begins a channel.",
      "<|channel|>analysis is its name.",
      "<|start|>user<|message|>Hi",
      "<|channel|>anal",
      "<|start|>assist",
      '<|channel|>commentary to=functions.f <|constrain|>json<|message|>{"a":1}<|call|>',
    ]) {
      checkEveryCut(words, { reasoning: "", text: words });
    }
  });

  test("quirk 29: a call of a tool that is left in the text stays text, after the thought", () => {
    const left = '<|start|>assistant<|channel|>commentary to=functions.f <|constrain|>json<|message|>{"a":1}<|call|>';
    checkEveryCut(`${analysis}I call f.<|end|>${left}`, { reasoning: "I call f.", text: left });
  });

  test("quirk 29: where reasoning comes by itself, the text keeps its marks", () => {
    assert.deepEqual(told([thought("Hm."), `${analysis}x<|end|>`]), { reasoning: "Hm.", text: `${analysis}x<|end|>`, opens: undefined });
  });

  test("a model whose answers began inside a thought and now name channels is read by these", () => {
    assert.deepEqual(told([`${analysis}I add.<|end|>${final}4`], { presumed: "known" }), { reasoning: "I add.", text: "4", opens: false });
  });
});

describe("A call of a tool in a channel", () => {
  const analysis = "<|channel|>analysis<|message|>I ask.<|end|><|start|>assistant";
  const offered: readonly string[] = ["weather", "weather_of_day"];
  const read = (pieces: readonly string[], tools = offered): readonly ProviderEvent[] => {
    const thinking = new ThinkText("none", tools);
    const events = pieces.flatMap((piece) => [...thinking.read([text(piece)])]);
    return [...events, ...thinking.read([finish])];
  };
  const checkEvery = (answer: string, parts: Pick<Told, "reasoning" | "text">, others: readonly ProviderEvent[], tools = offered): void => {
    for (const pieces of everyCut(answer)) {
      const events = read(pieces, tools);
      assert.deepEqual(folded(events), parts, JSON.stringify(pieces));
      assert.deepEqual(
        events.filter(({ type }) => !type.endsWith("delta")),
        others,
        JSON.stringify(pieces),
      );
    }
  };
  const called = (id: string, name: string, args: string): ProviderEvent => ({ type: "tool-call", id, name, arguments: args });
  const ended: ProviderEvent = { type: "finish", finishReason: "tool-calls", rawFinishReason: "stop" };

  for (const header of [
    "<|channel|>commentary to=functions.weather <|constrain|>json<|message|>",
    " to=functions.weather<|channel|>commentary <|constrain|>json<|message|>",
    "<|channel|>commentary to=functions.weather json<|message|>",
    "<|channel|>commentary to=functions.weather<|message|>",
  ]) {
    test(`quirk 29: is a call, cut anywhere: ${header}`, () => {
      for (const end of ["<|call|>", ""]) {
        checkEvery(`${analysis}${header}{"city": "Bern"}${end}`, { reasoning: "I ask.", text: "" }, [
          called("call_0", "weather", '{"city": "Bern"}'),
          ended,
        ]);
      }
    });
  }

  test("quirk 29: at the beginning of an answer, beside another, and before words", () => {
    const one = '<|channel|>commentary to=functions.weather_of_day <|constrain|>json<|message|>{"n":1}<|call|>';
    const two = '<|start|>assistant<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{"n":2}<|call|>';
    checkEvery(`${one}${two}<|start|>assistant<|channel|>final<|message|>I wait.`, { reasoning: "", text: "I wait." }, [
      called("call_0", "weather_of_day", '{"n":1}'),
      called("call_1", "weather", '{"n":2}'),
      ended,
    ]);
  });

  for (const [what, header, args, tools] of [
    ["of a tool that was not offered", "<|channel|>commentary to=functions.mail <|constrain|>json<|message|>", "{}", offered],
    ["where none was offered", "<|channel|>commentary to=functions.weather <|constrain|>json<|message|>", "{}", []],
    ["whose arguments were cut", "<|channel|>commentary to=functions.weather <|constrain|>json<|message|>", '{"city": "Be', offered],
  ] as const) {
    test(`quirk 29: ${what} stays the text that it is`, () => {
      const begin = "<|channel|>analysis<|message|>I ask.<|end|>";
      checkEvery(`${begin}${header}${args}`, { reasoning: "I ask.", text: `${header}${args}` }, [finish], tools);
    });
  }
});

describe("An answer of nothing but calls in channels", () => {
  const call = "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>";

  test(`may hold ${MAX_CALLS} of them, and no more`, () => {
    const read = (count: number): readonly ProviderEvent[] => new ThinkText("none", ["f"]).read([text(call.repeat(count))]);
    assert.equal(read(MAX_CALLS).length, MAX_CALLS);
    assert.throws(() => read(MAX_CALLS + 1), AnswerTooLarge);
  });

  for (const [what, answer] of [
    ["calls", call.repeat(MAX_CALLS) + " ".repeat(4_000_000)],
    ["headers that a thought speaks of", `<|channel|>analysis<|message|>${"<|channel|>".repeat(200_000)}`],
    ["quoted marks", `<|channel|>analysis<|message|>${'"<|end|>"'.repeat(200_000)}`],
  ] as const) {
    test(`or of ${what} is looked at once, not again from each of them`, () => {
      const before = process.cpuUsage();
      new ThinkText("none", ["f"]).read([text(answer), finish]);
      const { user } = process.cpuUsage(before);
      // It takes less than a second; looked at again from each mark it takes minutes.
      assert.ok(user < 5e6, `${user / 1e6} s`);
    });
  }
});

describe("A closing tag that nobody opened", () => {
  for (const answer of [
    "I add 2 and 2.\n</think>\n\nIt is 4.",
    "I add 2 and 2.</think>It is 4.",
    "I add 2 and 2. </think> It is 4.",
    "I use `add`.\n\n```\n2+2\n```\n</think>It is 4.",
  ]) {
    test(`quirk 29: what came before it was thought: ${JSON.stringify(answer)}`, () => {
      const [before = "", after = ""] = answer.split("</think>");
      checkEveryCut(answer, { reasoning: before, text: after.trimStart(), opens: true });
    });
  }

  test("quirk 29: what was shown as text by then is taken back, and comes again as reasoning", () => {
    const thinking = new ThinkText("none");
    const events = ["I add.", "\n</think>\n", "4"].flatMap((piece) => [...thinking.read([text(piece)])]);
    assert.deepEqual(events, [text("I add."), { type: "discard", what: "text" }, thought("I add.\n"), text("4")]);
  });

  test("quirk 29: at the very beginning it takes nothing with it, and teaches nothing", () => {
    checkEveryCut("</think>\n\nIt is 4.", { reasoning: "", text: "It is 4.", opens: undefined });
  });

  test("quirk 29: at the very beginning behind reasoning that came by itself it ends that, and is no part of the text", () => {
    const call: ProviderEvent = { type: "tool-call", id: "1", name: "f", arguments: "{}" };
    for (const answer of ["</think>\n\nFour.", "</think>Four.", "\n</think>\n\nFour.", "<channel|>\nFour."]) {
      for (const pieces of everyCut(answer)) {
        const seen = told([thought("I add."), ...pieces]);
        assert.deepEqual(seen, { reasoning: "I add.", text: "Four.", opens: undefined }, JSON.stringify(pieces));
      }
    }
    assert.deepEqual(told([thought("I call."), "</think>", call]), { reasoning: "I call.", text: "", opens: undefined });
  });

  test("quirk 29: at the very beginning behind reasoning that came by itself it stays text where the text speaks of it", () => {
    const answers = ["</think> ends it.", "\n</think>, or\n</think>\nit is.", "</think>", "</thi", "</thin ice"];
    for (const answer of answers) {
      for (const pieces of everyCut(answer)) {
        const seen = told([thought("Hm."), ...pieces]);
        assert.deepEqual(seen, { reasoning: "Hm.", text: answer, opens: undefined }, JSON.stringify(pieces));
      }
    }
  });

  const PROSE: readonly string[] = [
    "Close it with </think> and go on.",
    "The closing tag is </think>.",
    "Write `</think>` at the end.",
    'It is "</think>" that ends it.',
    "```html\n<p>\n</think>\n```\nThat is it.",
    "~~~\n</think>\n~~~\nThat is it.",
    "Between <think> and </think> it thinks.\n</think>",
    "A tag (`<think>`) opens it,\n</think> closes it.",
    "Ends with </think>",
    "a < b, [link](x), <b>bold</b> and </thin ice",
  ];
  for (const answer of PROSE) {
    test(`quirk 29: prose that only speaks of it stays text: ${JSON.stringify(answer)}`, () => {
      checkEveryCut(answer, { reasoning: "", text: answer, opens: undefined });
    });
  }

  test("quirk 29: an opening tag in the middle of the text is text, also behind a thought", () => {
    checkEveryCut("Sure. <think>No.</think> Done.", { reasoning: "", text: "Sure. <think>No.</think> Done." });
    checkEveryCut("<think>One.</think>Said. <think>No.</think> Done.", { reasoning: "One.", text: "Said. <think>No.</think> Done." });
  });

  test("quirk 29: where reasoning comes by itself, tags in the text are text", () => {
    for (const pieces of everyCut("<think>mentioned</think> and\n</think>\nagain")) {
      const seen = told([thought("Hm."), ...pieces]);
      assert.deepEqual(seen, { reasoning: "Hm.", text: "<think>mentioned</think> and\n</think>\nagain", opens: undefined });
    }
  });
});

describe("A model whose template opens the thought", () => {
  test("quirk 29: its answers are thought from the beginning, and nothing is taken back", () => {
    const thinking = new ThinkText("known");
    const events = ["I add.", "\n</th", "ink>\n\nIt", " is 4."].flatMap((piece) => [...thinking.read([text(piece)])]);
    assert.deepEqual(events, [thought("I add."), thought("\n"), text("It"), text(" is 4.")]);
    checkEveryCut("I add.\n</think>\n\nIt is 4.", { reasoning: "I add.\n", text: "It is 4.", opens: true }, "known");
  });

  test("quirk 29: an answer of it that ends without the tag was no thought, and that is learned", () => {
    checkEveryCut("It is 4.", { reasoning: "", text: "It is 4.", opens: false }, "known");
  });

  test("quirk 29: an answer of it that was cut stays a thought", () => {
    for (const pieces of everyCut("I add and ad")) {
      assert.deepEqual(told(pieces, { presumed: "known", ending: null }), { reasoning: "I add and ad", text: "", opens: undefined });
    }
  });

  test("quirk 29: an answer of it that opens the thought itself is read as it stands, and that is learned", () => {
    checkEveryCut("<think>I add.</think>It is 4.", { reasoning: "I add.", text: "It is 4.", opens: false }, "known");
  });

  test("quirk 29: reasoning that comes by itself ends the presumption", () => {
    assert.deepEqual(told(["Said ", thought("Hm."), "more"], { presumed: "known" }), { reasoning: "Hm.", text: "Said more", opens: false });
  });
});
