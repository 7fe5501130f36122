// The word to whoever asks a local model that another window has in memory already.

import { basename } from "node:path";
import type { ProviderEvent } from "../providers/provider.ts";
import type { ModelInMemory } from "./loaded-models.ts";

/** `others`: at least one. */
export function loadedElsewhere(file: string, others: readonly ModelInMemory[]): ProviderEvent {
  const [first] = others;
  const who = others.length === 1 ? "Another window has" : `${others.length} other windows have`;
  const each = others.length === 1 ? "" : " each";
  const message = `${who} ${basename(file)} in memory already, with ${gigabytes(first?.bytes ?? 0)}${each}. It is loaded once more for this window.`;
  return { type: "warning", code: "loaded-elsewhere", message };
}

function gigabytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.max(1, Math.round(bytes / 1e6))} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
