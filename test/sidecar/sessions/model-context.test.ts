import assert from "node:assert/strict";
import { test } from "node:test";
import { modelContext, summaryOf } from "../../../sidecar/sessions/model-context.ts";
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

const goOn = modelContext([question("a"), answer("incomplete", text("b"))]).at(-1);

test("a path that ends with a cut answer ends, as it is sent, with words of the user that ask to go on", () => {
  assert.deepEqual(modelContext([question("a"), answer("incomplete", reasoning, text("b"))]).slice(0, 2), [asked("a"), said(text("b"))]);
  assert.ok(goOn?.role === "user" && goOn.content[0]?.type === "text" && goOn.content[0].text.includes("Continue"));
});

test("an answer and what goes on with it are one turn, of their texts and the last one's tool calls", () => {
  const path = [
    question("a"),
    answer("incomplete", reasoning, text("On"), call),
    answer("complete", reasoning, opaque, text("e, two"), call),
    question("c"),
  ];
  assert.deepEqual(modelContext(path), [asked("a"), said(text("One, two"), call), asked("c")]);
});

test("a continuation that was cut, too, is gone on with from its own end; one without a word changes nothing", () => {
  const cut = [question("a"), answer("cancelled", text("One,")), answer("incomplete", text(" two,"))];
  assert.deepEqual(modelContext(cut), [asked("a"), said(text("One, two,")), goOn]);
  assert.deepEqual(modelContext([...cut, answer("error")]), [asked("a"), said(text("One, two,")), goOn]);
});

test("an answer that is cut by length and gone on with leaves its signatures behind", () => {
  const path = [question("a"), answer("complete", reasoning, opaque, text("b")), answer("complete", text("c")), question("d")];
  assert.deepEqual(modelContext(path), [asked("a"), said(text("bc")), asked("d")]);
});

const at = (id: string, parent: string | null, stored: StoredMessage, createdAt = 0): StoredMessage => ({
  ...stored,
  id,
  parent,
  createdAt,
});
const summary = (id: string, parent: string, words: string, createdAt = 0): StoredMessage =>
  at(id, parent, stored({ role: "system", content: [{ type: "text", text: words }] }), createdAt);
const path = [at("1", null, question("a")), at("2", "1", answer("complete", text("b"))), at("3", "2", question("c"))];

test("a summary stands for all up to its parent, as words of the system that name it as one", () => {
  const [first, ...rest] = modelContext(path, summary("s", "2", "They said a and b."));
  assert.ok(first?.role === "system" && /summary of its earlier part.*\n\nThey said a and b\.$/su.test(first.content[0]?.text ?? ""));
  assert.deepEqual(rest, [asked("c")]);
});

test("of several summaries the one counts that leaves the least of the path, then the newest; one of another branch never does", () => {
  const [early, late, later, elsewhere] = [
    summary("e", "1", ""),
    summary("f", "2", "", 5),
    summary("g", "2", "", 9),
    summary("h", "x", "", 99),
  ];
  assert.equal(summaryOf(path, [elsewhere])?.id, undefined);
  assert.equal(summaryOf(path, [early, elsewhere])?.id, "e");
  assert.equal(summaryOf(path, [later, early, late])?.id, "g");
  assert.equal(summaryOf(path.slice(0, 1), [later, early])?.id, "e");
});
