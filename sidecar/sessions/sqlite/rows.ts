// Between rows of the database and the data of `types.ts`.

import type { GenerationParameters, JsonObject, Message, MessageStatus, SessionInfo, StoredMessage } from "../../types.ts";
import { searchableText } from "../search/message-text.ts";
import type { Row } from "./connection.ts";

/** What is known of an answer beside its text, kept as one piece of JSON. */
export type Outcome = Pick<StoredMessage, "finishReason" | "usage" | "cost" | "timings" | "error">;

export function outcomeOf({ finishReason, usage, cost, timings, error }: Outcome): Outcome {
  return {
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(usage === undefined ? {} : { usage }),
    ...(cost === undefined ? {} : { cost }),
    ...(timings === undefined ? {} : { timings }),
    ...(error === undefined ? {} : { error }),
  };
}

const statuses: readonly MessageStatus[] = ["streaming", "complete", "cancelled", "error", "incomplete"];

/** `answering` comes from elsewhere: see `RunningAnswers`. */
export function sessionOf(row: Row): SessionInfo {
  const systemPrompt = nullableText(row, "system_prompt");
  const parameters: GenerationParameters | null = JSON.parse(nullableText(row, "parameters") ?? "null");
  const metadata: JsonObject | null = JSON.parse(nullableText(row, "metadata") ?? "null");
  return {
    id: text(row, "id"),
    title: text(row, "title"),
    model: nullableText(row, "model"),
    ...(systemPrompt === null ? {} : { systemPrompt }),
    ...(parameters === null ? {} : { parameters }),
    createdAt: Number(row["created_at"]),
    updatedAt: Number(row["updated_at"]),
    leaf: nullableText(row, "leaf"),
    ...(metadata === null ? {} : { metadata }),
  };
}

export function messageOf(row: Row): StoredMessage {
  const model = nullableText(row, "model");
  const status = statuses.find((one) => one === row["status"]);
  const outcome: Outcome | null = JSON.parse(nullableText(row, "outcome") ?? "null");
  const metadata: JsonObject | null = JSON.parse(nullableText(row, "metadata") ?? "null");
  return {
    id: text(row, "id"),
    session: text(row, "session"),
    parent: nullableText(row, "parent"),
    message: contentOf(row),
    createdAt: Number(row["created_at"]),
    ...(model === null ? {} : { model }),
    ...(status === undefined ? {} : { status }),
    ...outcome,
    ...(metadata === null ? {} : { metadata }),
  };
}

/** Of a row with the column `message`. */
export function contentOf(row: Row): Message {
  return JSON.parse(text(row, "message"));
}

/** The same with its text that can be searched. Undefined where the disk has given what is no message any more. */
export function readableOf(row: Row): { readonly message: Message; readonly text: string } | undefined {
  try {
    const message = contentOf(row);
    return { message, text: searchableText(message) };
  } catch {
    return undefined;
  }
}

export function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

export function text(row: Row, column: string): string {
  return String(row[column]);
}

export function nullableText(row: Row, column: string): string | null {
  const value = row[column];
  return typeof value === "string" ? value : null;
}
