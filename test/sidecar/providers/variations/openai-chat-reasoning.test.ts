// Chat completions whose reasoning stands where servers put it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readPieces } from "../../../support/wire-reading.ts";
import type { JsonObject } from "../../../../sidecar/types.ts";
import { chunk, counted, said, stopped } from "./chat-records.ts";
import { PLAIN, read, sse } from "./one-answer.ts";

describe("The reasoning of a chat completion:", () => {
  const detail = (text: string, more: JsonObject = {}): JsonObject => ({
    reasoning_details: [{ type: "reasoning.text", index: 0, text, ...more }],
  });

  const forms: readonly (readonly [title: string, records: readonly JsonObject[]])[] = [
    [
      "a list, of parts and of texts",
      [
        chunk({ reasoning: [{ type: "text", text: "H" }, null] }),
        chunk({ reasoning_content: ["m"], reasoning: ["m"] }),
        chunk({ reasoning: ["."] }),
      ],
    ],
    [
      "its details alone, as a text and as a summary",
      [
        chunk({ content: "", ...detail("H", { format: "MiniMax-response-v1" }) }),
        chunk({ reasoning: null, reasoning_details: [{ type: "reasoning.encrypted", data: "gAAA" }, null] }),
        chunk({ reasoning: "", reasoning_details: [{ type: "reasoning.summary", summary: "m." }] }),
      ],
    ],
    [
      "its details once more, beside it and behind it",
      [chunk({ reasoning: "H", ...detail("H") }), chunk({ reasoning: "m." }), chunk({ reasoning: null, ...detail("Hm.") })],
    ],
  ];
  for (const [title, thought] of forms) {
    test(title, () => {
      assert.deepEqual(read("openai-chat", sse(...thought, ...said.slice(1), stopped(), counted, "[DONE]")), PLAIN);
    });
  }

  test("Claude's details alone are kept to go back, and are no reasoning of the answer", () => {
    const thought = detail("Hm.", { format: "anthropic-claude-v1" });
    const stream = sse(chunk({ content: "", ...thought }), ...said.slice(1), stopped(), counted, "[DONE]");
    assert.deepEqual(read("openai-chat", stream), { ...PLAIN, reasoning: "" });
    const { events } = readPieces("openai-chat", [Buffer.from(stream)]);
    const kept = events.find((event) => event.type === "opaque")?.data;
    assert.deepEqual(kept, { wire: "openai-chat", reasoningDetails: thought["reasoning_details"] });
  });
});
