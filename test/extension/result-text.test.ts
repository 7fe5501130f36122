import assert from "node:assert/strict";
import { test } from "node:test";
import { ResultText } from "../../extension/files/result-text.ts";
import { headingText, sectionText } from "../../extension/files/section-text.ts";
import type { AnswerStatus, EndEventBody, FinishReason, StreamEvent, StreamEventBody } from "../../sidecar/types.ts";

const phases = {
  queued: "queued",
  "waiting-for-limit": "limited",
  connecting: "connecting",
  retrying: "retrying",
  "loading-model": "loading",
  "processing-prompt": "reading",
  summarizing: "summarizing",
};

function result(...names: readonly string[]) {
  const text = new ResultText(
    names.map((name) => ({ item: name, name })),
    {
      title: "Summary",
      phases,
      cancelled: "Cancelled.",
      empty: "Nothing.",
      cutByLength: "Cut.",
      failure: ({ error }) => ({ summary: "It failed.", advice: "Do this.", detail: error?.message ?? "", actions: [] }),
    },
  );
  let seq = 0;
  const apply = (item: string, ...events: readonly StreamEventBody[]): void => {
    text.apply(
      item,
      events.map((event): StreamEvent => ({ ...event, seq: (seq += 1) })),
    );
  };
  return { text, apply };
}

const say = (text: string): StreamEventBody => ({ type: "text-delta", text });

function end(status: AnswerStatus, finishReason: FinishReason | null = "stop"): EndEventBody {
  const timings = { firstTokenMs: 1, totalMs: 2 };
  const error = { kind: "network", message: "socket hang up", phase: "mid-stream", retryable: true } as const;
  const failed = status === "error" || status === "incomplete";
  return { type: "end", status, finishReason, rawFinishReason: null, usage: null, timings, ...(failed && { error }) };
}

test("sections stay in the order of the files, however the answers interleave", () => {
  const { text, apply } = result("a.ts", "b.ts");
  apply("b.ts", say("B "));
  apply("a.ts", say("A "));
  apply("b.ts", say("two"), end("complete"));
  apply("a.ts", say("one"), end("complete"));
  assert.equal(text.markdown, "# Summary\n\n## a.ts\n\nA one\n\n## b.ts\n\nB two\n");
  assert.equal(text.count("complete"), 2);
});

test("a section says what it waits for until its text comes", () => {
  const { text, apply } = result("a.ts");
  assert.match(text.markdown, /\*queued\*/);
  apply("a.ts", { type: "status", phase: "loading-model" });
  assert.match(text.markdown, /\*loading\*/);
  apply("a.ts", say("Text."), { type: "status", phase: "connecting" });
  assert.equal(text.markdown, "# Summary\n\n## a.ts\n\nText.\n");
  assert.equal(text.count("running"), 1);
});

test("a failure keeps the text that came and leaves the other sections alone", () => {
  const { text, apply } = result("a.ts", "b.ts");
  apply("a.ts", say("Half"), end("incomplete"));
  apply("b.ts", say("Whole"), end("complete"));
  assert.equal(text.markdown, "# Summary\n\n## a.ts\n\nHalf\n\n> **It failed.**\n>\n> Do this.\n>\n> socket hang up\n\n## b.ts\n\nWhole\n");
  assert.deepEqual([text.count("failed"), text.count("complete")], [1, 1]);
});

test("cancelled, cut and empty answers say so", () => {
  const { text, apply } = result("a", "b", "c");
  apply("a", end("cancelled"));
  apply("b", say("x"), end("complete", "length"));
  apply("c", end("complete"));
  assert.equal(text.markdown, "# Summary\n\n## a\n\n*Cancelled.*\n\n## b\n\nx\n\n*Cut.*\n\n## c\n\n*Nothing.*\n");
});

test("a section whose answer can no longer be read fails once, and not after its end", () => {
  const { text, apply } = result("a", "b");
  const failure = { summary: "Gone.", advice: "Again.", actions: [] };
  apply("a", say("x"), end("complete"));
  text.fail("a", failure);
  text.fail("b", failure);
  assert.equal(text.markdown, "# Summary\n\n## a\n\nx\n\n## b\n\n> **Gone.**\n>\n> Again.\n");
});

const sections: readonly (readonly [string, string, string])[] = [
  ["headings go below the section's own", "# One\n\n###### Six\n#no heading", "### One\n\n###### Six\n#no heading"],
  ["headings in code stay", "```sh\n# comment\n```\n# H", "```sh\n# comment\n```\n### H"],
  ["a code block that was cut is closed", "```ts\nlet x", "```ts\nlet x\n```"],
  ["a longer fence is not closed by a shorter one", "````\n```\n# x\n````", "````\n```\n# x\n````"],
  ["a fence of the other kind closes nothing", "~~~\n```\n# x", "~~~\n```\n# x\n~~~"],
  ["backticks in a line of text open nothing", "``` a ` b\n# H", "``` a ` b\n### H"],
];

for (const [title, answer, expected] of sections) {
  test(title, () => assert.equal(sectionText(answer, 2), expected));
}

test("a name in a heading is read as text", () => assert.equal(headingText("__init__ [x].py"), "\\_\\_init\\_\\_ \\[x\\].py"));

test("text that is taken back is no part of a section, nor an attempt that did not fit its schema", () => {
  const { text, apply } = result("a.ts", "b.ts", "c.ts");
  apply("a.ts", say("I add."), { type: "discard", what: "text" }, { type: "reasoning-delta", text: "I add." }, say("4"), end("complete"));
  apply("b.ts", { type: "attempt", number: 1, of: 3 }, say("no"), { type: "attempt", number: 2, of: 3 }, say("{}"), end("complete"));
  apply("c.ts", { type: "attempt", number: 3, of: 3 }, say("no"), { type: "discard", what: "text" }, end("error"));
  const failed = "> **It failed.**\n>\n> Do this.\n>\n> socket hang up";
  assert.equal(text.markdown, `# Summary\n\n## a.ts\n\n4\n\n## b.ts\n\n{}\n\n## c.ts\n\n${failed}\n`);
});
