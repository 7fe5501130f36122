// What a window remembers over a reload.

import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { WindowFile } from "../../extension/chat/window-file.ts";

async function newFile(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-window-"));
  context.after(() => rm(folder, { recursive: true }));
  return join(folder, "of the workspace", "chat.json");
}

test("what a window is told is on the disk when it was told, and the next window has it", async (context) => {
  const file = await newFile(context);
  const before = new WindowFile(file);
  assert.equal(before.get("session"), undefined);
  before.update("session", "one");
  before.update("queue", [{ session: "one", text: "Next?" }]);
  const after = new WindowFile(file);
  assert.equal(after.get("session"), "one");
  assert.deepEqual(after.get("queue"), [{ session: "one", text: "Next?" }]);
  after.update("session", undefined);
  assert.deepEqual(JSON.parse(await readFile(file, "utf8")), { queue: [{ session: "one", text: "Next?" }] });
  assert.deepEqual(await readdir(join(file, "..")), ["chat.json"]);
});

test("a file that cannot be read is empty, and one that cannot be written does not stop the window", async (context) => {
  const file = await newFile(context);
  new WindowFile(file).update("session", "one");
  await writeFile(file, "[half");
  assert.equal(new WindowFile(file).get("session"), undefined);
  // A file stands where the folder should be.
  const nowhere = new WindowFile(join(file, "chat.json"));
  nowhere.update("session", "two");
  assert.equal(nowhere.get("session"), "two");
});
