// Both stores, for tests of the rules that they share, and messages to put into them.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { Failure, type FailureCode } from "../../../sidecar/failure.ts";
import { MemoryStore } from "../../../sidecar/sessions/memory-store.ts";
import { newSession } from "../../../sidecar/sessions/new-session.ts";
import { type OpenOptions, SqliteStore } from "../../../sidecar/sessions/sqlite-store.ts";
import type { SessionStore } from "../../../sidecar/sessions/store.ts";
import type { SessionInfo, StoredMessage } from "../../../sidecar/types.ts";

interface Kind {
  readonly name: string;
  open(): Promise<{ readonly store: SessionStore; end(): Promise<void> }>;
}

const kinds: readonly Kind[] = [
  {
    name: "in memory",
    async open() {
      const store = new MemoryStore();
      return { store, end: () => store.close() };
    },
  },
  {
    name: "in SQLite",
    async open() {
      const folder = await mkdtemp(join(tmpdir(), "parley-store-"));
      const store = await openStore(folder);
      return {
        store,
        end: async () => {
          await store.close();
          await rm(folder, { recursive: true });
        },
      };
    },
  },
];

type WithStore = (title: string, run: (store: SessionStore) => Promise<void>) => void;

/** Runs the same tests with each kind of store. */
export function describeStores(what: string, tests: (withStore: WithStore) => void): void {
  for (const kind of kinds) {
    describe(`${what} ${kind.name}`, () => {
      tests((title, run) => {
        test(title, async () => {
          const opened = await kind.open();
          try {
            await run(opened.store);
          } finally {
            await opened.end();
          }
        });
      });
    });
  }
}

/** In the database of a folder, for this process. */
export async function openStore(folder: string, instance = "this"): Promise<SqliteStore> {
  return (await openTelling(folder, { instance })).store;
}

/** The same with what it tells people: when it is opened, and after that. */
export async function openTelling(
  folder: string,
  { instance = "this", ...options }: Omit<OpenOptions, "onNotice"> & { readonly instance?: string } = {},
): Promise<{ readonly store: SqliteStore; readonly notes: readonly string[]; readonly notices: readonly string[] }> {
  const store = SqliteStore.start();
  const notices: string[] = [];
  const notes = await store.open(folder, { instance, pid: process.pid }, { ...options, onNotice: (words) => notices.push(words) });
  return { store, notes, notices };
}

export async function newFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-sqlite-"));
  context.after(() => rm(folder, { recursive: true, maxRetries: 5 }));
  return folder;
}

let lastId = 0;

export function userMessage(session: string, parent: string | null, text: string): StoredMessage {
  lastId += 1;
  return { id: `m${lastId}`, session, parent, message: { role: "user", content: [{ type: "text", text }] }, createdAt: 1000 + lastId };
}

export function emptyAnswer(session: string, parent: string | null): StoredMessage {
  lastId += 1;
  return {
    id: `m${lastId}`,
    session,
    parent,
    message: { role: "assistant", content: [] },
    createdAt: 1000 + lastId,
    model: "p/m",
    status: "streaming",
  };
}

export function answered(text: string): StoredMessage["message"] {
  return { role: "assistant", content: [{ type: "text", text }] };
}

export async function createSession(store: SessionStore, title = "A conversation"): Promise<SessionInfo> {
  const session = newSession({ model: "p/m", title });
  await store.createSession(session);
  return session;
}

/** A question and its complete answer; after `parent`, or, where that is another answer, beside what followed it. The ids. */
export async function exchange(
  store: SessionStore,
  session: string,
  parent: string | null,
  [question, answer]: readonly [question: string, answer: string],
): Promise<{ readonly user: string; readonly assistant: string }> {
  const user = userMessage(session, parent, question);
  const assistant = emptyAnswer(session, user.id);
  await store.beginTurn({ session, user, assistant, changes: {} });
  await store.finishAnswers([{ id: assistant.id, message: answered(answer), status: "complete", finishReason: "stop" }]);
  return { user: user.id, assistant: assistant.id };
}

export async function checkFails(promise: Promise<unknown>, code: FailureCode): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof Failure && error.code === code);
}
