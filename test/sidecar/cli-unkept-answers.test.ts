// Conversations on the command line that cannot be kept, or are in use: what a person is told, and how the command ends.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openStore } from "../../sidecar/sessions/open-store.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { jsonLines } from "../support/json-lines.ts";
import { type ParleyEnd, ParleyProcess } from "../support/parley-process.ts";
import { fillDisk, mountDisk } from "./sessions/sqlite/small-disk.ts";

/** The sources, since the store's thread is a file beside the program. */
const program = fileURLToPath(new URL("../../sidecar/cli.ts", import.meta.url));
const question = ["ask", "--model", "openai-compatible/fake-model", "--session", "new", "Well?"] as const;

let fake: FakeProvider;
let home: string;
let store: string;

before(async () => {
  fake = await FakeProvider.start();
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "parley-home-"));
  store = join(home, "store");
});
afterEach(async () => {
  fake.reset();
  await rm(home, { recursive: true });
});
after(() => fake.close());

function start(args: readonly string[]): ParleyProcess {
  const env = { HOME: home, APPDATA: home, PARLEY_STORE: store, OPENAI_COMPATIBLE_BASE_URL: fake.baseUrl("openai-chat") };
  return new ParleyProcess(args, { program, env });
}

const parley = (...args: readonly string[]): Promise<ParleyEnd> => start(args).ended;

/** A process that answers, as far as the gate "more". */
async function answering(rest: string): Promise<ParleyProcess> {
  fake.enqueue({ steps: [{ text: "Half" }, { gate: "more" }, { text: rest }, { finish: "stop" }] });
  const running = start(question);
  await fake.waitFor((state) => state.waitingAt.includes("more"), "the answer to wait at its gate");
  return running;
}

async function onlyId(): Promise<string> {
  const [session] = jsonLines((await parley("sessions", "list", "--json")).stdout);
  assert.equal(typeof session?.["id"], "string");
  return String(session?.["id"]);
}

test("a conversation that another process answers in is not deleted, and keeps its answer", async () => {
  const running = await answering(" and half");
  const id = await onlyId();
  const refused = await parley("sessions", "delete", "--yes", id);
  assert.deepEqual([refused.status, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /^parley: Another window or program is still writing an answer in this conversation/u);
  fake.gate("more").open();
  const { status, stdout } = await running.ended;
  assert.deepEqual([status, stdout], [0, "Half and half\n"]);
  const [, answer] = jsonLines((await parley("sessions", "show", "--json", id)).stdout);
  assert.match(JSON.stringify(answer?.["message"]), /Half and half/u);
  assert.equal((await parley("sessions", "delete", "--yes", id)).status, 0);
  assert.equal((await parley("sessions", "list", "--json")).stdout, "");
});

test("a folder that cannot be made is refused at once, with where that is, and no model is asked", async () => {
  // A name that is taken, and a place of the system's that takes no folders.
  await writeFile(join(home, "taken"), "");
  const proc =
    process.platform === "linux" ? [["/proc/parley/store", /no folder can be made in "\/proc"\. Choose another place\./u] as const] : [];
  for (const [folder, words] of [[join(home, "taken", "store"), /a file is in its place/u] as const, ...proc]) {
    const { status, stdout, stderr } = await parley(...question, "--store", folder);
    assert.deepEqual([status, stdout], [1, ""], folder);
    assert.match(stderr, words);
  }
  assert.equal(fake.state().requests, 0);
  assert.equal((await parley(...question, "--store", join(home, "one", "two", "three"))).status, 0);
});

test("when everything is deleted while a process answers, it prints the answer, says that it is not kept, and ends with 1", async () => {
  const running = await answering(" and half");
  const other = await openStore(store);
  assert.equal((await other.deleteAll()).sessions, 1);
  await other.close();
  fake.gate("more").open();
  const { status, stdout, stderr } = await running.ended;
  assert.deepEqual([status, stdout], [1, "Half and half\n"]);
  assert.match(stderr, /The conversation was deleted while it was being answered\.\nparley: this answer was not kept\.\n$/u);
});

test("why an answer failed is shown with the conversation", async () => {
  fake.enqueue({ status: 400, body: { error: { message: "No such thing as a well." } } });
  assert.equal((await start(question).ended).status, 1);
  const { stdout } = await parley("sessions", "show", await onlyId());
  assert.match(stdout, /· error\n\n\[.*refused the request\..*No such thing as a well\.\]\n$/u);
});

test("a store that is no folder, an empty name and a newer database are refused in words for the command line", async () => {
  const file = join(home, "a-file");
  await writeFile(file, "");
  const cases: readonly (readonly [args: readonly string[], status: number, words: RegExp])[] = [
    [["sessions", "list", "--store", file], 1, /a file is in its place/u],
    [["sessions", "list", "--store", ""], 2, /The option --store takes a folder; it is empty\./u],
    [[...question, "--store", ""], 2, /The option --store takes a folder; it is empty\./u],
  ];
  for (const [args, expected, words] of cases) {
    const { status, stdout, stderr } = await parley(...args);
    assert.deepEqual([status, stdout], [expected, ""]);
    assert.match(stderr, words);
  }
  await (await openStore(store)).close();
  const database = new DatabaseSync(join(store, "conversations.sqlite"));
  database.exec("PRAGMA user_version = 999");
  database.close();
  const newer = await parley("sessions", "list");
  assert.equal(newer.status, 1);
  assert.match(newer.stderr, /on the command line, install it\.\n$/u);
  assert.equal(fake.requests.length, 0);
});

test("an answer that the disk has no room for is printed, said not to be kept, and the command ends with 1", async (context) => {
  const disk = await mountDisk(context, 4);
  if (disk === undefined) {
    context.skip("needs to mount a disk of a few megabytes");
    return;
  }
  store = disk;
  const running = await answering(" and half".repeat(100_000));
  fillDisk(disk);
  fake.gate("more").open();
  const { status, stdout, stderr } = await running.ended;
  assert.equal(status, 1, stderr);
  assert.ok(stdout.endsWith("and half\n"));
  assert.match(stderr, /the disk is full: free some space\.\nparley: this answer was not kept\.\n$/u);
  const listed = await parley("sessions", "list");
  assert.match(listed.stdout, /Well\?/u);
  assert.match(listed.stderr, /the disk is full: free some space\. They can be read, and nothing be changed\./u);
});
