// The answer as chat completions have it in its plain form.

import type { JsonObject } from "../../../../sidecar/types.ts";

export const chunk = (delta: JsonObject | null, more: JsonObject = {}, choice: JsonObject = {}): JsonObject => ({
  id: "x",
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta, finish_reason: null, ...choice }],
  ...more,
});
export const stopped = (reason = "stop", delta: JsonObject = {}): JsonObject => chunk(delta, {}, { finish_reason: reason });
export const counted: JsonObject = { choices: [], usage: { prompt_tokens: 9, completion_tokens: 5 } };
export const said: readonly JsonObject[] = [
  chunk({ role: "assistant", reasoning_content: "Hm." }),
  chunk({ content: "It is " }),
  chunk({ content: "7 °C." }),
];
