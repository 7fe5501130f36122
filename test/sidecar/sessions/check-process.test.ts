import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startCheck } from "../../../sidecar/sessions/check-process.ts";
import { createSession, newFolder, openStore } from "./store-kinds.ts";

test("a check tells a damaged database from a sound one, and from none", async (context) => {
  const folder = await newFolder(context);
  const store = await openStore(folder);
  await createSession(store);
  await store.close();
  assert.equal(await startCheck(join(folder, "conversations.sqlite")).damaged, false);
  await writeFile(join(folder, "letter"), "This is a letter. ".repeat(500));
  assert.equal(await startCheck(join(folder, "letter")).damaged, true);
  assert.equal(await startCheck(join(folder, "none")).damaged, false);
});

test("the process of a check ends with the pipe to its parent, and when it is told to, also in the midst of its work", async (context) => {
  const folder = await newFolder(context);
  const file = join(folder, "held.sqlite");
  // Held by somebody else, so that the check waits, inside of SQLite.
  const database = new DatabaseSync(file);
  database.exec("CREATE TABLE held (value); PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
  const worker = fileURLToPath(new URL("../../../sidecar/sessions/store-worker.ts", import.meta.url));
  const child = spawn(process.execPath, [worker, file], { stdio: ["pipe", "ignore", "ignore"] });
  child.stdin.end();
  assert.deepEqual(await once(child, "exit"), [null, "SIGKILL"]);
  const check = startCheck(file);
  check.end();
  assert.equal(await check.damaged, false);
  database.exec("COMMIT");
  database.close();
});
