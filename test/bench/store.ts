// What the store of conversations costs at 100,000 messages: opening, listing, reading, searching, appending, and the size of the
// index. `node test/bench/store.ts [--messages N] [--keep FOLDER]`. Prints; asserts nothing. Times are those of a caller, through
// the store's thread, and move with the machine; CPU is the milliseconds of all threads, which do less so.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { newSession } from "../../sidecar/sessions/new-session.ts";
import { SqliteStore } from "../../sidecar/sessions/sqlite-store.ts";
import type { StoredMessage } from "../../sidecar/types.ts";

const { values } = parseArgs({ options: { messages: { type: "string" }, keep: { type: "string" } } });
const wanted = Number(values.messages ?? 100_000);
/** One session of many messages, the others of as many as a long conversation has. */
const longSession = Math.min(10_000, Math.floor(wanted / 10));
const usualSession = 50;
const wordsOfMessage = 150;
/** Every so many messages is one in a script without spaces. */
const everyUnspaced = 7;

/** Numbers from 0 to 1, the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
const random = numbers(7);
const pick = <T>(from: readonly T[], at = random()): T => from[Math.floor(at * from.length)] ?? raise();

/** Words by rank: as in any language, the nth word is about n times rarer than the first. */
const vocabulary = Array.from(new Set(Array.from({ length: 60_000 }, (_, at) => madeUpWord(at))));
const characters = Array.from({ length: 3000 }, (_, at) => String.fromCodePoint(0x4e00 + at * 6));

function madeUpWord(at: number): string {
  const next = numbers(at * 7919 + 13);
  const syllables = 1 + Math.floor(next() * 2 + Math.min(2, at / 3000));
  const consonants = ["b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "pl", "ch", "sh", "th"];
  const vowels = ["a", "e", "i", "o", "u", "ea", "ou", "ai"];
  const endings = ["", "n", "r", "s", "t", "l", "nd", "ng"];
  const syllable = (): string => pick(consonants, next()) + pick(vowels, next()) + pick(endings, next());
  return Array.from({ length: syllables }, syllable).join("");
}

const ranked = <T>(from: readonly T[]): T => from[Math.floor(from.length ** random()) - 1] ?? raise();
const sentence = (): string => Array.from({ length: wordsOfMessage }, () => ranked(vocabulary)).join(" ");
const unspaced = (): string => Array.from({ length: wordsOfMessage * 2 }, () => ranked(characters)).join("");

let made = 0;
let madeBytes = 0;

function conversation(session: string, length: number): readonly StoredMessage[] {
  const messages: StoredMessage[] = [];
  for (let at = 0; at < length; at += 1) {
    made += 1;
    const text = made % everyUnspaced === 0 ? unspaced() : sentence();
    madeBytes += Buffer.byteLength(text);
    const part = { type: "text", text } as const;
    const base = { id: `${session}-${at}`, session, parent: messages.at(-1)?.id ?? null, createdAt: Date.now() - (wanted - made) * 60_000 };
    messages.push(
      at % 2 === 0
        ? { ...base, message: { role: "user", content: [part] } }
        : { ...base, message: { role: "assistant", content: [part] }, model: "p/m", status: "complete", finishReason: "stop" },
    );
  }
  return messages;
}

const folder = values.keep ?? mkdtempSync(join(tmpdir(), "parley-bench-store-"));
const rows: (readonly string[])[] = [];

function milliseconds(value: number | undefined): string {
  return (value ?? Number.NaN).toFixed(1);
}

async function measure(name: string, times: number, run: (at: number) => Promise<unknown>): Promise<void> {
  const taken: number[] = [];
  const worked: number[] = [];
  for (let at = 0; at < times; at += 1) {
    const [startedAt, work] = [performance.now(), process.cpuUsage()];
    await run(at);
    taken.push(performance.now() - startedAt);
    const { user, system } = process.cpuUsage(work);
    worked.push((user + system) / 1000);
  }
  for (const list of [taken, worked]) list.sort((one, other) => one - other);
  const [middle, most] = [Math.floor(times * 0.5), Math.floor(times * 0.95)];
  rows.push([name, String(times), ...[taken[middle], taken[most], taken.at(-1), worked[middle], worked[most]].map(milliseconds)]);
}

async function open(): Promise<SqliteStore> {
  const store = SqliteStore.start();
  await store.open(folder, { instance: `bench-${performance.now()}`, pid: process.pid });
  return store;
}

async function fill(store: SqliteStore): Promise<string> {
  const long = newSession({ model: "p/m", title: "The long one" });
  const startedAt = performance.now();
  const put = async (session: typeof long, length: number): Promise<void> => {
    const messages = conversation(session.id, length);
    await store.createSession(
      { ...session, leaf: messages.at(-1)?.id ?? null, updatedAt: Date.now() - (wanted - made) * 60_000 },
      messages,
    );
  };
  await put(long, longSession);
  for (let left = wanted - longSession; left > 0; left -= usualSession)
    await put(newSession({ model: "p/m", title: Array.from({ length: 6 }, () => ranked(vocabulary)).join(" ") }), usualSession);
  console.log(
    `${made} messages, ${(madeBytes / 1e6).toFixed(0)} MB of text, kept in ${((performance.now() - startedAt) / 1000).toFixed(0)} s.`,
  );
  return long.id;
}

const queries: { readonly [kind: string]: () => string } = {
  "search: one of the 100 commonest words": () => `${vocabulary[Math.floor(random() * 100)]} `,
  "search: one word": () => `${pick(vocabulary)} `,
  "search: two words": () => `${ranked(vocabulary)} ${ranked(vocabulary)} `,
  "search: a phrase": () => `"${ranked(vocabulary)} ${ranked(vocabulary)}"`,
  "search: two letters of a word": () => ranked(vocabulary).slice(0, 2),
  "search: three letters of a word": () => ranked(vocabulary).slice(0, 3),
  "search: four letters of a word": () => ranked(vocabulary).slice(0, 4),
  "search: a word and the beginning of one": () => `${ranked(vocabulary)} ${ranked(vocabulary).slice(0, 3)}`,
  "search: one character": () => ranked(characters),
  "search: two characters": () => ranked(characters) + ranked(characters),
};

async function measureSearches(store: SqliteStore): Promise<void> {
  const all: string[] = [];
  for (const [kind, query] of Object.entries(queries)) {
    const texts = Array.from({ length: 100 }, query);
    all.push(...texts);
    await measure(kind, texts.length, (at) => store.search({ text: texts[at] ?? "", limit: 20, messagesPerSession: 3 }));
  }
  await measure("search: all of these", all.length, (at) => store.search({ text: all[at] ?? "", limit: 20, messagesPerSession: 3 }));
}

async function measureAppends(store: SqliteStore): Promise<void> {
  const session = newSession({ model: "p/m", title: "Appended to" });
  await store.createSession(session);
  let leaf: string | null = null;
  const turns = 200;
  const answers: StoredMessage[] = [];
  await measure("append: question and empty answer", turns, async (at) => {
    const base = { session: session.id, createdAt: Date.now() };
    const user: StoredMessage = {
      ...base,
      id: `q${at}`,
      parent: leaf,
      message: { role: "user", content: [{ type: "text", text: sentence() }] },
    };
    const assistant: StoredMessage = {
      ...base,
      id: `a${at}`,
      parent: user.id,
      message: { role: "assistant", content: [] },
      model: "p/m",
      status: "streaming",
    };
    await store.beginTurn({ session: session.id, user, assistant, changes: {}, beside: true });
    answers.push(assistant);
    leaf = assistant.id;
  });
  const text = sentence();
  const message = { role: "assistant", content: [{ type: "text", text }] } as const;
  await measure("append: a piece of 200 answers", 20, () => store.saveProgress(answers.map(({ id }) => ({ id, message }))));
  await measure("append: the end of an answer", turns, (at) =>
    store.finishAnswers([{ id: `a${at}`, message, status: "complete", finishReason: "stop" }]),
  );
}

function printSizes(): void {
  const database = new DatabaseSync(join(folder, "conversations.sqlite"), { readOnly: true });
  const bytes = (like: string): number =>
    Number(database.prepare("SELECT sum(pgsize) AS bytes FROM dbstat WHERE name LIKE ?").get(like)?.["bytes"]);
  const index = bytes("message_words%");
  const megabytes = madeBytes / 1e6;
  console.log(
    `The database has ${(bytes("%") / 1e6).toFixed(0)} MB, of which the index of words ${(index / 1e6).toFixed(0)} MB: ${(index / 1e6 / megabytes).toFixed(2)} MB for each MB of text.`,
  );
  database.close();
}

function printTable(): void {
  const table = [["", "times", "p50 ms", "p95 ms", "most ms", "CPU p50", "CPU p95"], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of table) {
    console.log(
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  "),
    );
  }
}

function raise(): never {
  throw new Error("There is nothing to pick from.");
}

try {
  const first = await open();
  const long = await fill(first);
  await first.close();
  await measure("open, with its thread", 10, async () => (await open()).close());
  const store = await open();
  await measure("list the newest 200 sessions", 50, () => store.listSessions(200));
  await measure(`read ${usualSession} messages of a session of ${longSession}`, 50, () =>
    store.getPath(`${long}-${longSession - 1}`, { limit: 50, siblings: true }),
  );
  await measure(`read all ${longSession} of them`, 5, () => store.getPath(`${long}-${longSession - 1}`));
  await measureSearches(store);
  await measureAppends(store);
  await measure("statistics", 5, () => store.statistics());
  await store.close();
  printTable();
  printSizes();
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true });
}
