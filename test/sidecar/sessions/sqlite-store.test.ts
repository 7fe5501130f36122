import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Failure } from "../../../sidecar/failure.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import { newSession } from "../../../sidecar/sessions/new-session.ts";
import { Session } from "../../../sidecar/sessions/session.ts";
import { SqliteStore } from "../../../sidecar/sessions/sqlite-store.ts";
import type { SessionStore } from "../../../sidecar/sessions/store.ts";
import type { GenerationParameters, StoredMessage } from "../../../sidecar/types.ts";
import { finish, scriptedLlm, text } from "../scripted-provider.ts";
import { newFolder, openStore, userMessage } from "./store-kinds.ts";

interface Told {
  readonly session?: string;
  readonly acknowledged?: string;
  readonly answer?: string;
  readonly text?: string;
  readonly complete?: boolean;
}

async function checkRefused(folder: string, words: RegExp): Promise<void> {
  await assert.rejects(openStore(folder), (error) => error instanceof Failure && error.code === "storage" && words.test(error.message));
}

/** Runs the writer and gives what it has told once `enough` says so; kill it when done. */
async function startWriter(folder: string, enough: (told: readonly Told[]) => boolean, environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [fileURLToPath(new URL("store-writer.ts", import.meta.url))], {
    env: { ...process.env, ...environment, FOLDER: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  const told = (): Told[] =>
    output
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const enoughTold = Promise.withResolvers<void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (enough(told())) enoughTold.resolve();
  });
  const exited = once(child, "exit");
  await Promise.race([enoughTold.promise, exited]);
  return {
    told,
    pid: child.pid ?? 0,
    kill: async (): Promise<void> => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function beginAnswer(store: SessionStore, session: string, id: string): Promise<void> {
  const base = { session, createdAt: Date.now() };
  const user: StoredMessage = { ...base, id: `${id}-q`, parent: null, message: { role: "user", content: [{ type: "text", text: "?" }] } };
  const assistant: StoredMessage = {
    ...base,
    id,
    parent: user.id,
    message: { role: "assistant", content: [] },
    model: "p/m",
    status: "streaming",
  };
  await store.beginTurn({ session, user, assistant, changes: {} });
}

test("fault 30: a writer killed with -9 loses nothing that was acknowledged, and its running answer is kept as incomplete", async (context) => {
  const folder = await newFolder(context);
  for (const enough of [1, 25, 60]) {
    const writer = await startWriter(folder, (told) => told.length >= enough);
    await writer.kill();
    const told = writer.told();
    assert.ok(told.length >= enough);
    const store = await openStore(folder);
    for (const { session, acknowledged, answer = "", text, complete } of told) {
      if (session !== undefined) assert.ok((await store.getSession(session)) !== undefined);
      if (acknowledged !== undefined) assert.ok((await store.getMessage(acknowledged)) !== undefined, acknowledged);
      if (text === undefined) continue;
      const kept = await store.getMessage(answer);
      const [part] = kept?.message.content ?? [];
      assert.ok(part?.type === "text" && part.text.startsWith(text), `${answer} holds "${text}"`);
      if (complete) assert.equal(kept?.status, "complete");
      else assert.ok(kept?.status === "complete" || kept?.status === "incomplete", `${answer} is ${kept?.status}`);
      if (kept?.status === "incomplete") assert.equal(kept.error?.providerCode, "sidecar-ended");
    }
    await store.close();
  }
  const database = new DatabaseSync(join(folder, "conversations.sqlite"), { readOnly: true });
  assert.deepEqual({ ...database.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
  database.close();
});

test("fault 30: a conversation that was closed is opened with its parameters, ids, times and all that its messages hold", async (context) => {
  const folder = await newFolder(context);
  const { provider, llm } = scriptedLlm();
  const parameters: GenerationParameters = { temperature: 0.3, seed: 7 };
  const first = await openStore(folder);
  const session = new Session(llm, { store: first, systemPrompt: "Be brief.", parameters });
  await session.generate("a");
  const [info, kept] = [await first.getSession(session.id), await session.messages()];
  await first.close();
  const second = await openStore(folder);
  const again = await Session.open(llm, session.id, second);
  assert.deepEqual(await second.getSession(session.id), info);
  assert.deepEqual(await again.messages(), kept);
  assert.ok(kept.every(({ id, createdAt }) => id !== "" && createdAt > 0));
  await again.generate("b");
  assert.deepEqual(provider.requests[1]?.parameters, { ...parameters, system: "Be brief." });
  assert.equal(provider.requests[1].messages.length, 3);
  await second.close();
});

test("of two windows that name a conversation in one moment the person's title stays, whichever comes first", async (context) => {
  const folder = await newFolder(context);
  const [here, there] = [await openStore(folder), await openStore(folder)];
  const rounds = 30;
  for (let round = 0; round < rounds; round += 1) {
    const session = newSession({ model: null, title: "First words" });
    await here.createSession(session);
    const generated = (): Promise<unknown> => here.nameSession({ session: session.id, title: "Generated", had: "First words" });
    // Every third person gives it the title that it has.
    const own = round % 3 === 0 ? "First words" : "Mine";
    const given = (): Promise<unknown> => there.updateSession(session.id, { title: own });
    await Promise.all(round % 2 === 0 ? [generated(), given()] : [given(), generated()]);
    assert.equal((await here.getSession(session.id))?.title, own, `round ${round}`);
    assert.equal(await here.nameSession({ session: session.id, title: "Generated later", had: own }), undefined);
    assert.equal((await there.getSession(session.id))?.title, own);
  }
  await Promise.all([here.close(), there.close()]);
});

test("nothing in the file holds a NUL, which other readers take for the end of a text, or a character that stands for half of one", async (context) => {
  const folder = await newFolder(context);
  const store = await openStore(folder);
  const session = newSession({ model: "p/m\0", title: "a\0b", systemPrompt: "c\ud800d" });
  await store.createSession(session, [userMessage(session.id, null, "e\0f\udc00")]);
  await store.close();
  const database = new DatabaseSync(join(folder, "conversations.sqlite"), { readOnly: true });
  const columns = "hex(title || '|' || model || '|' || system_prompt || '|' || (SELECT message FROM messages)) AS bytes";
  const bytes = String(database.prepare(`SELECT ${columns} FROM sessions`).get()?.["bytes"]);
  database.close();
  const kept = Buffer.from(bytes, "hex");
  assert.deepEqual([kept.includes(0), kept.includes("\ufffd"), kept.toString().split("|").length], [false, false, 4]);
  const again = await openStore(folder);
  assert.deepEqual(await again.getSession(session.id), session);
  await again.close();
});

test("an answer of another living process is left alone, and its session takes no second turn until that process is dead", async (context) => {
  const folder = await newFolder(context);
  const writer = await startWriter(folder, (told) => told.some(({ text }) => text === "So far"), { ONE_ANSWER: "yes" });
  const { acknowledged, answer = "" } = writer.told().find((one) => one.acknowledged !== undefined) ?? {};
  const session = acknowledged?.replace(/-q1$/, "") ?? "";
  const store = await openStore(folder);
  try {
    assert.equal((await store.getMessage(answer))?.status, "streaming");
    assert.equal((await store.getSession(session))?.answering, "elsewhere");
    assert.deepEqual(
      (await store.listSessions(10)).map(({ answering }) => answering),
      ["elsewhere"],
    );
    const beside = (error: unknown): boolean => error instanceof Failure && error.code === "busy" && /Another window/.test(error.message);
    await assert.rejects(beginAnswer(store, session, "second"), beside);
    await assert.rejects(store.deleteSession(session), beside, "It would be deleted under whoever answers.");
    await writer.kill();
    assert.equal((await store.getSession(session))?.answering, undefined);
    const left = await store.getMessage(answer);
    assert.equal(left?.status, "incomplete", "It can be gone on with as soon as the conversation is looked at.");
    assert.deepEqual(left?.message, { role: "assistant", content: [{ type: "text", text: "So far" }] });
    await beginAnswer(store, session, "second");
    assert.deepEqual(await store.getMessage(answer), left);
  } finally {
    await writer.kill();
    await store.close();
  }
});

test("an owner that was only asleep, where the start of a process cannot be had, takes its answer back", async (context) => {
  const folder = await newFolder(context);
  const sleeper = await openStore(folder, "sleeper");
  const session = newSession({ model: "p/m" });
  await sleeper.createSession(session);
  await beginAnswer(sleeper, session.id, "answer");
  const database = new DatabaseSync(join(folder, "conversations.sqlite"));
  database.exec("UPDATE owners SET sign_of_life_at = sign_of_life_at - 3600000, process_start = NULL");
  database.close();
  const other = await openStore(folder, "other");
  assert.equal((await other.getMessage("answer"))?.status, "incomplete");
  await sleeper.saveProgress([{ id: "answer", message: { role: "assistant", content: [{ type: "text", text: "Awake" }] } }]);
  const taken = await other.getMessage("answer");
  assert.equal(taken?.status, "streaming");
  assert.equal(taken.error, undefined);
  await sleeper.close();
  await other.close();
});

test("a process of the same number as a dead owner is not taken for it", async (context) => {
  const folder = await newFolder(context);
  const before = await openStore(folder, "before");
  const session = newSession({ model: "p/m" });
  await before.createSession(session);
  await beginAnswer(before, session.id, "answer");
  const database = new DatabaseSync(join(folder, "conversations.sqlite"));
  // As if that one had been killed, and its number given to this one.
  database.exec("UPDATE owners SET process_start = 'an earlier boot 17'");
  database.close();
  const after = await openStore(folder, "after");
  assert.equal((await after.getMessage("answer"))?.status, "incomplete");
  await before.close();
  await after.close();
});

test("two stores on one file see each other's commits, and wait for each other's writes", async (context) => {
  const folder = await newFolder(context);
  const [one, two] = await Promise.all([openStore(folder, "one"), openStore(folder, "two")]);
  const sessions = await Promise.all(
    [one, two].flatMap((store) =>
      Array.from({ length: 100 }, async () => {
        const session = newSession({ model: "p/m" });
        await store.createSession(session);
        await beginAnswer(store, session.id, `answer-${session.id}`);
        return session.id;
      }),
    ),
  );
  for (const store of [one, two]) {
    assert.deepEqual(new Set((await store.listSessions(1000)).map(({ id }) => id)), new Set(sessions));
    for (const id of sessions) assert.equal((await store.getMessage(`answer-${id}`))?.status, "streaming");
  }
  await one.close();
  await two.close();
});

test("a database of a newer Parley is refused, and not a byte of it is written", async (context) => {
  const folder = await newFolder(context);
  const file = join(folder, "conversations.sqlite");
  await (await openStore(folder)).close();
  const database = new DatabaseSync(file);
  // What we would set ourselves is written into the file too.
  database.exec("PRAGMA journal_mode = DELETE; PRAGMA user_version = 999");
  database.close();
  const before = await readFile(file);
  await checkRefused(folder, /newer Parley .*Reload the window to run the newer one; on the command line, install it\.$/);
  assert.deepEqual(await readFile(file), before);
});

test("what cannot be a database, or cannot be one here, is refused in words that say what to do", async (context) => {
  const folder = await newFolder(context);
  await writeFile(join(folder, "a-file"), "");
  await checkRefused(join(folder, "a-file", "below"), /could not be kept in/);
  await mkdir(join(folder, "elsewhere", "conversations.sqlite"), { recursive: true });
  await checkRefused(join(folder, "elsewhere"), /could not be kept in .*: a folder is in its place: give that another name\./);
});

test("a database that another program holds is reported as locked, and works again afterwards", async (context) => {
  const folder = await newFolder(context);
  const store = await openStore(folder);
  const database = new DatabaseSync(join(folder, "conversations.sqlite"));
  database.exec("BEGIN IMMEDIATE");
  await assert.rejects(
    store.createSession(newSession({ model: null })),
    (error) => error instanceof Failure && error.code === "storage" && /locked by another program/.test(error.message),
  );
  database.exec("ROLLBACK");
  database.close();
  await store.createSession(newSession({ model: null }));
  assert.equal((await store.listSessions(10)).length, 1);
  await store.close();
});

test("a store that was started and never opened rejects everything, and closes", async () => {
  const store = SqliteStore.start();
  await assert.rejects(store.listSessions(1), (error) => error instanceof Failure && error.code === "storage");
  await store.close();
});

test("a closed store rejects instead of waiting, and closing waits for what was asked before", async (context) => {
  const folder = await newFolder(context);
  const store = await openStore(folder);
  const session = newSession({ model: null });
  const [created] = await Promise.all([store.createSession(session), store.close()]);
  assert.equal(created, undefined);
  await assert.rejects(store.getSession(session.id), (error) => error instanceof Failure && error.code === "storage");
  await store.close();
  const again = await openStore(folder);
  assert.deepEqual(await again.getSession(session.id), session);
  await again.close();
});

test("what is no data is refused, and neither keeps the conversation busy nor ends the process when the store is closed", async (context) => {
  const store = await openStore(await newFolder(context));
  context.after(() => store.close());
  const llm = scriptedLlm();
  const odd: ProviderEvent = Object.assign({ ...finish }, { finishReason: Object });
  llm.provider.enqueue(async function* () {
    yield [text("Half of it.")];
    yield [odd];
  });
  const session = new Session(llm.llm, { store });
  const first = await session.generate("one");
  assert.deepEqual([first.content, first.warnings.map(({ code }) => code)], ["Half of it.", ["not-kept"]]);
  assert.equal((await session.generate("two")).content, "ok");
  assert.deepEqual(
    (await session.messages()).map(({ status, error }) => error?.providerCode ?? status),
    [undefined, "not-kept", undefined, "complete"],
  );
  for (const title of [() => "no data", { toJSON: () => 1n }, { count: 1n }]) {
    await assert.rejects(
      store.updateSession(session.id, Object.assign({ title: "x" }, { title })),
      (error) => error instanceof Failure && error.code === "invalid-params" && /no data that can be kept/u.test(error.message),
    );
  }
});
