// What the database does for what is asked often: it goes to the rows by an index, and neither looks through a whole table or
// conversation nor sorts one. The statements are those that the code has prepared.

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { newSession } from "../../../../sidecar/sessions/new-session.ts";
import type { SessionDatabase } from "../../../../sidecar/sessions/sqlite/database.ts";
import { openDatabase } from "../../../../sidecar/sessions/sqlite/opening/open-database.ts";
import { newFolder, userMessage } from "../store-kinds.ts";

const session = newSession({ model: "p/m", title: "Asked for" });
const [first, second] = [userMessage(session.id, null, "First."), userMessage(session.id, null, "Second.")];

/** What is asked, and by which index the rows of messages are to be found. */
const questions: readonly (readonly [what: string, ask: (database: SessionDatabase) => unknown, plan: readonly string[]])[] = [
  [
    "a page of messages",
    (database) => database.listMessages({ session: session.id, options: { after: first.id, limit: 16 } }),
    ["messages_running (session=?)", "sqlite_autoindex_messages_1 (id=?)", "messages_in_order (session=? AND rowid>?)"],
  ],
  [
    "a conversation's summaries",
    (database) => database.listSummaries(session.id),
    ["messages_running (session=?)", "messages_summaries (session=?)"],
  ],
  ["a conversation", (database) => database.getSession(session.id), ["messages_running (session=?)"]],
];

for (const [what, ask, plan] of questions) {
  test(`${what} is found by an index that holds it in its order`, async (context) => {
    const folder = await newFolder(context);
    const filler = openDatabase(folder, { instance: "one", pid: process.pid });
    filler.database.createSession({ session, messages: [first, second] });
    filler.database.close();
    const { database } = openDatabase(folder, { instance: "one", pid: process.pid });
    const prepare = context.mock.method(DatabaseSync.prototype, "prepare");
    ask(database);
    const asked = prepare.mock.calls.map(({ arguments: [sql] }) => sql).filter((sql) => /FROM messages\b/u.test(sql));
    prepare.mock.restore();
    database.close();
    const reader = new DatabaseSync(join(folder, "conversations.sqlite"), { readOnly: true });
    const steps = asked.flatMap((sql) =>
      reader
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => String(detail)),
    );
    reader.close();
    assert.deepEqual(
      steps.map((step) => /^SEARCH messages USING (?:COVERING )?INDEX (.*)$/u.exec(step)?.[1] ?? step).toSorted(),
      plan.toSorted(),
    );
  });
}
