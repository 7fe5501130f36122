// A conversation before its first turn.

import { randomUUID } from "node:crypto";
import type { GenerationParameters, ModelRef, SessionInfo } from "../types.ts";

export interface NewSession {
  readonly model: ModelRef | null;
  /** Absent: named by its first question. Until then the title is empty. */
  readonly title?: string;
  readonly systemPrompt?: string;
  readonly parameters?: GenerationParameters;
}

export function newSession({ model, title, systemPrompt, parameters }: NewSession): SessionInfo {
  const now = Date.now();
  return {
    id: randomUUID(),
    title: title ?? "",
    model,
    ...(systemPrompt === undefined ? {} : { systemPrompt }),
    ...(parameters === undefined ? {} : { parameters }),
    createdAt: now,
    updatedAt: now,
    leaf: null,
  };
}
