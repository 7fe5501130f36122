// Several messages in one response, as a word on what is done and the answer itself: read as they came, shown as paragraphs, and
// sent back as the messages that they were.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../../sidecar/types.ts";
import { userMessage } from "../../support/provider-calls.ts";
import { bytesOneByOne, foldEvents, readPieces } from "../../support/wire-reading.ts";
import { body } from "../../support/wire-requests.ts";
import { sse } from "../providers/variations/one-answer.ts";
import { scriptedLlm, yields } from "../scripted-provider.ts";

const COMMENTARY = "Let me check.";
const ANSWER = "The answer is 4.";
const completed: JsonObject = { type: "response.completed", response: { status: "completed", output: [] } };
const reasoning: JsonObject = { type: "reasoning", id: "rs", summary: [], encrypted_content: "gA+/=" };

const done = (place: number, item: JsonObject): JsonObject => ({ type: "response.output_item.done", output_index: place, item });

/** A message that grows by two pieces, and is then done. */
function message(place: number, text: string, item: JsonObject): readonly JsonObject[] {
  const delta = { type: "response.output_text.delta", item_id: item["id"], output_index: place, content_index: 0 };
  return [
    { ...delta, delta: text.slice(0, 3) },
    { ...delta, delta: text.slice(3) },
    done(place, { type: "message", content: [{ type: "output_text", text }], ...item }),
  ];
}

const answer = async (stream: readonly JsonObject[]) => {
  const bytes = Buffer.from(sse(...stream));
  const { events } = readPieces("openai-responses", [bytes]);
  assert.deepEqual(readPieces("openai-responses", bytesOneByOne(bytes)).events, events);
  const { llm, provider } = scriptedLlm();
  provider.enqueue(yields(events));
  const result = await llm.generate("2+2?");
  const asked = body({ provider: "openai", messages: [userMessage("2+2?"), result.message, userMessage("Sure?")] });
  return { came: foldEvents(events).text, content: result.content, input: asked["input"] };
};

const asked = (text: string): JsonObject => ({ role: "user", content: [{ type: "input_text", text }] });
const whole = (id: string, text: string, phase: string): JsonObject => ({
  type: "message",
  role: "assistant",
  id,
  phase,
  status: "completed",
  content: [{ type: "output_text", text, annotations: [] }],
});

test("the messages of a response are paragraphs of its text, and go back each with its phase", async () => {
  const { came, content, input } = await answer([
    ...message(0, COMMENTARY, { id: "m1", phase: "commentary" }),
    ...message(1, ANSWER, { id: "m2", phase: "final_answer" }),
    completed,
  ]);
  assert.equal(came, `${COMMENTARY}${ANSWER}`);
  assert.equal(content, `${COMMENTARY}\n\n${ANSWER}`);
  assert.deepEqual(input, [
    asked("2+2?"),
    { type: "message", role: "assistant", content: COMMENTARY, phase: "commentary" },
    { type: "message", role: "assistant", content: ANSWER, phase: "final_answer" },
    asked("Sure?"),
  ]);
});

test("beside reasoning that is sent back they have their ids too, and no blank line in their text", async () => {
  const { content, input } = await answer([
    done(0, reasoning),
    ...message(1, COMMENTARY, { id: "m1", phase: "commentary" }),
    ...message(2, ANSWER, { id: "m2", phase: "final_answer" }),
    completed,
  ]);
  assert.equal(content, `${COMMENTARY}\n\n${ANSWER}`);
  assert.deepEqual(input, [
    asked("2+2?"),
    reasoning,
    whole("m1", COMMENTARY, "commentary"),
    whole("m2", ANSWER, "final_answer"),
    asked("Sure?"),
  ]);
});

test("messages without a phase that follow each other are paragraphs of one", async () => {
  const { content, input } = await answer([...message(0, COMMENTARY, { id: "m1" }), ...message(1, ANSWER, { id: "m2" }), completed]);
  assert.equal(content, `${COMMENTARY}\n\n${ANSWER}`);
  assert.deepEqual(input, [asked("2+2?"), { type: "message", role: "assistant", content }, asked("Sure?")]);
});

test("a message stays one paragraph where a server changes its id, or leaves ids out, or where it brings the blank line itself", async () => {
  const piece = (id: string | undefined, place: number, delta: string): JsonObject => ({
    type: "response.output_text.delta",
    item_id: id,
    output_index: place,
    content_index: 0,
    delta,
  });
  for (const [first, second, text] of [
    [piece("a", 0, "Let me "), piece("b", 0, "check."), "Let me check."],
    [piece("a", 0, "Let me "), piece("a", 1, "check."), "Let me check."],
    [piece(undefined, 0, "Let me "), piece(undefined, 1, "check."), "Let me check."],
    [piece("a", 0, "Let me\n"), piece("b", 1, "check."), "Let me\n\ncheck."],
    [piece("a", 0, "Let me\n\n"), piece("b", 1, "check."), "Let me\n\ncheck."],
  ] as const) {
    assert.equal((await answer([first, second, completed])).content, text);
  }
});
