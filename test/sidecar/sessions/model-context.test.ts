import assert from "node:assert/strict";
import { test } from "node:test";
import { modelContext } from "../../../sidecar/sessions/model-context.ts";
import type { AssistantPart, Message, MessageStatus, StoredMessage, UserPart } from "../../../sidecar/types.ts";

const stored = (message: Message, status?: MessageStatus): StoredMessage => {
  return { id: "m", session: "s", parent: null, createdAt: 0, message, ...(status === undefined ? {} : { status }) };
};
const question = (...content: readonly (string | UserPart)[]): StoredMessage => stored(asked(...content));
const answer = (status: MessageStatus, ...content: readonly AssistantPart[]): StoredMessage =>
  stored({ role: "assistant", content }, status);
const asked = (...content: readonly (string | UserPart)[]): Message => {
  return { role: "user", content: content.map((part): UserPart => (typeof part === "string" ? { type: "text", text: part } : part)) };
};
const said = (...content: readonly AssistantPart[]): Message => ({ role: "assistant", content });
const text = (value: string): AssistantPart => ({ type: "text", text: value });
const reasoning: AssistantPart = { type: "reasoning", text: "hm" };
const opaque: AssistantPart = { type: "opaque", provider: "anthropic", data: { signature: "x" } };
const call: AssistantPart = { type: "tool-call", id: "1", name: "f", arguments: "{" };
const image: UserPart = { type: "image", mediaType: "image/png", data: "AA==" };

const contexts: readonly (readonly [title: string, path: readonly StoredMessage[], expected: readonly Message[]])[] = [
  ["a first question is all there is", [question("a")], [asked("a")]],
  [
    "a complete answer is sent whole, with reasoning and what the provider wants back",
    [question("a"), answer("complete", reasoning, opaque, text("b"), call), question("c")],
    [asked("a"), said(reasoning, opaque, text("b"), call), asked("c")],
  ],
  [
    "of a cut, failed or cancelled answer only the text is sent",
    [
      question("a"),
      answer("incomplete", reasoning, opaque, text("b"), call),
      question("c"),
      answer("error", text("d"), opaque),
      question("e"),
      answer("cancelled", text("f"), reasoning),
      question("g"),
    ],
    [asked("a"), said(text("b")), asked("c"), said(text("d")), asked("e"), said(text("f")), asked("g")],
  ],
  [
    "an answer without any words is no turn, and the questions around it become one",
    [question("a"), answer("error"), question("c")],
    [asked("a\n\nc")],
  ],
  [
    "an answer that only reasoned before it was stopped is no turn either",
    [question("a"), answer("cancelled", reasoning, text(" ")), question("c")],
    [asked("a\n\nc")],
  ],
  [
    "an answer of nothing but tool calls is a turn when it is complete",
    [question("a"), answer("complete", call), question("c")],
    [asked("a"), said(call), asked("c")],
  ],
  [
    "several questions in a row become one, their images and texts in order",
    [question("a", image), answer("error"), question(image, "c"), answer("error"), question("d", "e")],
    [asked("a", image, image, "c\n\nd", "e")],
  ],
];

for (const [title, path, expected] of contexts) {
  test(title, () => assert.deepEqual(modelContext(path), expected));
}
