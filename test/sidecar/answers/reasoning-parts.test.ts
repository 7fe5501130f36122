// Reasoning that comes in parts with nothing between them: read as it came, and shown as paragraphs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bytesOneByOne, foldEvents, readPieces } from "../../support/wire-reading.ts";
import { eventsOf } from "../answer-events.ts";
import { scriptedLlm, yields } from "../scripted-provider.ts";

const bytes = readFileSync(new URL("../../fixtures/wire/openai-responses/summary-parts.sse", import.meta.url));

test("the parts of a summary, and further items of reasoning, are paragraphs of the answer's reasoning", async () => {
  for (const pieces of [[bytes], bytesOneByOne(bytes)]) {
    const { events } = readPieces("openai-responses", pieces);
    assert.equal(foldEvents(events).reasoning, "**One**\n\nI add.**Two**\n\nI check.\n**Three**\n\nDone.Four.");
    const { llm, provider } = scriptedLlm();
    provider.enqueue(yields(...events.map((event) => [event])), yields(events));
    const { reasoning, message } = await llm.generate("2+2?");
    assert.equal(reasoning, "**One**\n\nI add.\n\n**Two**\n\nI check.\n\n**Three**\n\nDone.\n\nFour.");
    assert.deepEqual(message.content[0], { type: "reasoning", text: reasoning });
    // What is forwarded to others has its gaps in the text.
    for (const event of await eventsOf(llm))
      if (event.type === "reasoning-delta") assert.deepEqual(Object.keys(event), ["type", "text", "seq"]);
  }
});
