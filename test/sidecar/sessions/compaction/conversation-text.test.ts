import assert from "node:assert/strict";
import { test } from "node:test";
import { conversationPieces, shortened } from "../../../../sidecar/sessions/compaction/conversation-text.ts";
import { tokensOfText } from "../../../../sidecar/answers/text-tokens.ts";
import type { Message, StoredMessage } from "../../../../sidecar/types.ts";

const stored = (message: Message): StoredMessage => ({ id: "m", session: "s", parent: null, createdAt: 0, message });

test("each message says whose it is; what has no words says what it was, and reasoning and signatures say nothing", () => {
  const [piece, ...more] = conversationPieces(
    [
      stored({
        role: "user",
        content: [
          { type: "image", mediaType: "image/png", data: "AA==" },
          { type: "file", uri: "file:///a.ts", name: "a.ts", text: "const a = 1;" },
          { type: "text", text: "What is it?" },
        ],
      }),
      stored({
        role: "assistant",
        content: [
          { type: "reasoning", text: "secret" },
          { type: "opaque", provider: "p", data: "sig" },
          { type: "tool-call", id: "1", name: "look", arguments: "{}" },
        ],
      }),
      stored({ role: "assistant", content: [{ type: "reasoning", text: "secret" }] }),
    ],
    10_000,
  );
  assert.deepEqual(more, []);
  assert.equal(piece, "User: [an image]\nFile: a.ts\n```\nconst a = 1;\n```\nWhat is it?\n\nAssistant: [calls the tool look with {}]");
});

test("pieces are no longer than asked for, and lose nothing where each message fits by itself", () => {
  const messages = Array.from({ length: 50 }, (_, index) =>
    stored({ role: "user", content: [{ type: "text", text: `${index} ${"é".repeat(60)}` }] }),
  );
  const pieces = conversationPieces(messages, 333);
  assert.ok(pieces.every((piece) => tokensOfText(piece).most <= 333));
  assert.equal(
    pieces.join("\n\n"),
    messages.map(({ message }) => `User: ${message.content.map((part) => ("text" in part ? part.text : "")).join("")}`).join("\n\n"),
  );
});

test("a text that is too long loses its middle, never half of a character, and says how much", () => {
  const text = `begin${"日".repeat(1_000)}end`;
  const short = shortened(text, 500);
  assert.ok(Buffer.byteLength(short) <= 500);
  assert.match(short, /^begin日+\n\[… \d+ bytes are left out here …\]\n日+end$/u);
  assert.equal(shortened("short", 500), "short");
});

test("pieces of logs and numbers, which have a token for two bytes, are half as long as those of other texts", () => {
  const log = "2026-11-22T13:07:12.125Z 3fa85f64-5717-4562-b3fc-2c963f66afa6 10.0.12.7 200\n";
  const lengthOf = (text: string): number => {
    const pieces = conversationPieces([stored({ role: "user", content: [{ type: "text", text }] })], 2_000);
    assert.equal(pieces.length, 1);
    assert.ok(tokensOfText(pieces.join("")).most <= 2_000);
    return Buffer.byteLength(pieces.join(""));
  };
  const [ofLog, ofWords] = [lengthOf(log.repeat(400)), lengthOf("It was about tea and how it is dried. ".repeat(800))];
  // Of such a log gpt-oss's tokenizer counts 49 tokens a line of 76 bytes.
  assert.ok(ofLog > 2_000 && ofLog < (2_000 * 76) / 49, `${ofLog} bytes`);
  assert.ok(ofWords > 5_500, `${ofWords} bytes`);
});
