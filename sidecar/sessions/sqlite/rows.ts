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
  const parameters: GenerationParameters | null = JSON.parse(jsonIn(row, "parameters"));
  const metadata: JsonObject | null = JSON.parse(jsonIn(row, "metadata"));
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
  const outcome: Outcome | null = JSON.parse(jsonIn(row, "outcome"));
  const metadata: JsonObject | null = JSON.parse(jsonIn(row, "metadata"));
  return {
    id: text(row, "id"),
    session: text(row, "session"),
    parent: nullableText(row, "parent"),
    message: wholeMessage(row) ?? leftOfMessage(row),
    createdAt: Number(row["created_at"]),
    ...(model === null ? {} : { model }),
    ...(status === undefined ? {} : { status }),
    ...outcome,
    ...(metadata === null ? {} : { metadata }),
  };
}

/** Of a row with the column `message`, with its text that can be searched. Undefined where the disk has given what is no message any more. */
export function readableOf(row: Row): { readonly message: Message; readonly text: string } | undefined {
  const message = wholeMessage(row);
  return message === undefined ? undefined : { message, text: searchableText(message) };
}

function wholeMessage(row: Row): Message | undefined {
  try {
    const message: Partial<Message> | null = JSON.parse(text(row, "message"));
    return isMessage(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function isMessage(value: Partial<Message> | null): value is Message {
  const isObject = (part: unknown): boolean => typeof part === "object" && part !== null;
  return typeof value?.role === "string" && Array.isArray(value.content) && value.content.every(isObject);
}

/** What the disk has given in its place is shown as it is: a person may make out their words. Only answers have a status. */
function leftOfMessage(row: Row): Message {
  const left = `This message is damaged on the disk. What is left of it:\n\n${text(row, "message")}`;
  return { role: row["status"] === null ? "user" : "assistant", content: [{ type: "text", text: left }] };
}

/** JSON's null also for what is no JSON any more: the rest of the row is as good as ever. */
function jsonIn(row: Row, column: string): string {
  const written = nullableText(row, column) ?? "null";
  try {
    JSON.parse(written);
    return written;
  } catch {
    return "null";
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
