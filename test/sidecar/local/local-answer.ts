// Asks a local model and keeps all that came, for tests.

import assert from "node:assert/strict";
import { type Provider, ProviderError, type ProviderEvent } from "../../../sidecar/providers/provider.ts";
import type { GenerationParameters, Message } from "../../../sidecar/types.ts";

export const user = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
export const assistant = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });

export interface Asked {
  readonly model?: string;
  readonly parameters?: GenerationParameters;
  readonly signal?: AbortSignal;
  /** Called with all of the text so far. */
  readonly onText?: (soFar: string) => void;
  readonly onEvents?: (events: readonly ProviderEvent[]) => void;
}

export interface Answer {
  readonly text: string;
  readonly events: readonly ProviderEvent[];
  /** What was thrown. */
  readonly error: unknown;
}

export async function askModel(
  local: Provider,
  { model = "demo", parameters = {}, signal, onText, onEvents }: Asked,
  messages: readonly Message[],
): Promise<Answer> {
  const events: ProviderEvent[] = [];
  let text = "";
  try {
    const context = { signal: signal ?? new AbortController().signal, timeLimits: {} };
    for await (const batch of local.stream({ model, messages, parameters }, context)) {
      events.push(...batch);
      for (const event of batch) if (event.type === "text-delta") text += event.text;
      if (text !== "") onText?.(text);
      onEvents?.(batch);
    }
    return { text, events, error: undefined };
  } catch (error) {
    return { text, events, error };
  }
}

export function checkCode(error: unknown, code: string): asserts error is ProviderError {
  assert.ok(error instanceof ProviderError, `threw ${String(error)}`);
  assert.equal(error.providerCode, code, error.message);
}
