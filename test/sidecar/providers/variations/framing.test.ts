// Server-sent events framed in every way that their standard allows, and in some that it does not.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { counted, said, stopped } from "./chat-records.ts";
import { PLAIN, read, sse } from "./one-answer.ts";

const PLAIN_CHAT = sse(...said, stopped(), counted, "[DONE]");
const records = PLAIN_CHAT.split("\n\n").filter((record) => record !== "");

const MANY_LINES = sse(
  ...[...said, stopped(), counted].map((one) => `\ndata: ${JSON.stringify(one, null, 2).replaceAll("\n", "\ndata: ")}`),
  "[DONE]",
);

const SIGNS_OF_LIFE = [
  "data: : keepalive\n\n",
  "data: []\n\n",
  'data: ""\n\n',
  "data: : OPENROUTER PROCESSING\n\n",
  "data: null\n\n",
  "event: ping\ndata: ping\n\n",
  "event: heartbeat\ndata: 2026-11-22\n\n",
  "data: keep-alive\n\n",
  "data:  \n\n",
];

describe("The framing of events:", () => {
  const forms: Readonly<Record<string, string>> = {
    "lines that end with CR": PLAIN_CHAT.replaceAll("\n", "\r"),
    "lines that end with CR and LF": PLAIN_CHAT.replaceAll("\n", "\r\n"),
    "lines that end in all three ways": records.map((record, at) => `${record}${["\r\r", "\n\n", "\r\n\r\n", "\r\n\n"][at % 4]}`).join(""),
    "comments, event names, ids, times and unknown fields everywhere": records
      .map(
        (record, at) => `: hi\nevent: message\nid: ${at}\nretry: 5\nfoo: bar\ndatabase: {}\n${record}\n: there\n\n:\n\nevent: nothing\n\n`,
      )
      .join(""),
    "a byte order mark, and no space behind the colon": `\uFEFF${PLAIN_CHAT.replaceAll("data: ", "data:")}`,
    "records over several lines of data, the first of them empty": MANY_LINES,
    "records over several lines that end with CR and LF": MANY_LINES.replaceAll("\n", "\r\n"),
    "records over several lines that end with CR": MANY_LINES.replaceAll("\n", "\r"),
    "white space around records and the end": PLAIN_CHAT.replaceAll("data: ", "data: \t ").replaceAll("\n\n", " \t\n\n"),
    "signs of life as data: comments, null, words, and nothing": records
      .map((record, at) => `${SIGNS_OF_LIFE[at % SIGNS_OF_LIFE.length]}${record}\n\n${SIGNS_OF_LIFE.join("")}`)
      .join(""),
    "a comment as data before the record of the same event": PLAIN_CHAT.replaceAll("data: {", "data: : keepalive\ndata: {"),
    "no empty line behind the last record": PLAIN_CHAT.trimEnd(),
    "no mark of the end": PLAIN_CHAT.replace("data: [DONE]\n\n", ""),
    "the mark of the end twice": `${PLAIN_CHAT}data: [DONE]\n\n`,
  };
  test("a whole answer that is indented over several lines, as an event or as it stands", () => {
    const message = { role: "assistant", reasoning: "Hm.", content: "It is 7 °C." };
    const whole = JSON.stringify({ ...counted, choices: [{ index: 0, message, finish_reason: "stop" }] }, null, 2);
    for (const stream of [whole, `${whole}\n`, `data: ${whole}\n\ndata: [DONE]\n\n`]) assert.deepEqual(read("openai-chat", stream), PLAIN);
  });
  test("numbers that are none, in Python's words for them, which are left as they are in texts", () => {
    const probable = (record: string, written: string): string =>
      record.replace('"index":0', `"index":0,"logprobs":{"least":${written},"all":[${written}]}`);
    for (const written of ["-Infinity", "Infinity", "NaN"]) {
      const stream = PLAIN_CHAT.split("\n\n")
        .map((record) => probable(record, written))
        .join("\n\n");
      assert.deepEqual(read("openai-chat", stream), PLAIN);
      const said = sse({ choices: [{ index: 0, delta: { content: '-Infinity, "NaN" \\ and Infinity' } }] });
      assert.equal(read("openai-chat", probable(said, written)).text, '-Infinity, "NaN" \\ and Infinity');
    }
    for (const written of ["Infinit", "NaN5", "nan"])
      assert.throws(() => read("openai-chat", probable(PLAIN_CHAT, written)), { name: "MalformedRecord" });
  });
  for (const [title, stream] of Object.entries(forms)) test(title, () => assert.deepEqual(read("openai-chat", stream), PLAIN));
});
