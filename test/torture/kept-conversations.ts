// What is in the database, read by another connection and with plain SQL: the eyes of somebody who trusts no code of Parley's.

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface KeptMessage {
  readonly session: string;
  readonly parent: string | null;
  readonly text: string;
  readonly status: string | null;
  /** JSON: how it ended. */
  readonly outcome: string | null;
}

export interface KeptConversations {
  /** Titles by session. */
  readonly titles: ReadonlyMap<string, string>;
  readonly messages: ReadonlyMap<string, KeptMessage>;
  /** Milliseconds that `integrity_check` took. */
  readonly checkMs: number;
}

/** Fails where `integrity_check` finds something, or a foreign key points nowhere. */
export function readConversations(folder: string): KeptConversations {
  const database = new DatabaseSync(join(folder, "conversations.sqlite"), { readOnly: true, timeout: 10_000 });
  try {
    const startedAt = performance.now();
    assert.deepEqual(
      database
        .prepare("PRAGMA integrity_check")
        .all()
        .map((row) => row["integrity_check"]),
      ["ok"],
    );
    assert.deepEqual(database.prepare("PRAGMA foreign_key_check").all(), []);
    const checkMs = performance.now() - startedAt;
    const titles = new Map(
      database
        .prepare("SELECT id, title FROM sessions")
        .all()
        .map(({ id, title }) => [String(id), String(title)]),
    );
    const rows = database.prepare("SELECT id, session, parent, message, status, outcome FROM messages").all();
    const messages = new Map(
      rows.map(({ id, session, parent, message, status, outcome }): [string, KeptMessage] => [
        String(id),
        {
          session: String(session),
          parent: textOrNull(parent),
          text: textOf(message),
          status: textOrNull(status),
          outcome: textOrNull(outcome),
        },
      ]),
    );
    return { titles, messages, checkMs };
  } finally {
    database.close();
  }
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

function textOf(message: unknown): string {
  const { content }: { content: readonly { readonly type: string; readonly text?: string }[] } = JSON.parse(String(message));
  return content.map((part) => (part.type === "text" ? (part.text ?? "") : "")).join("");
}
