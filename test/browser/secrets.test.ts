// Two canaries: a key that was entered, and one in the editor's environment whose use nobody allowed. After all that the other
// tests did too, neither may be found anywhere but where it belongs. Its name puts this file behind the others.

import assert from "node:assert/strict";
import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { enterApiKey } from "../support/key-prompt.ts";
import { noProcessTree, processTree, type RunningProcess, sidecarPid } from "../support/process-tree.ts";
import { until } from "../support/until.ts";
import { keyInEnvironment, sharedWorkbench, type Workbench } from "../support/workbench.ts";

const CANARY = "sk-canary-entered-by-hand-3e9f6a1c7d5b4820";
const QUESTION = "What is the password of the tea shop?";

describe("Keys stay secret", { skip: noProcessTree }, () => {
  let workbench: Workbench;
  let chat: ChatPanel;
  let fake: FakeProvider;
  /** Every process that was seen, by id. */
  const seen = new Map<number, RunningProcess>();

  before(async () => {
    workbench = await sharedWorkbench();
    chat = new ChatPanel(workbench);
    fake = await FakeProvider.start({ models: ["model-that-keeps-secrets"], key: CANARY });
    await chat.openAt(fake);
    await setLogLevel(workbench, "Trace");
    await enterApiKey(workbench, fake, CANARY);
  });
  after(() => fake.close());

  const look = (): void => {
    for (const one of processTree(workbench.serverPid)) seen.set(one.pid, one);
  };

  test("The server gets the key that was entered, in the header where it belongs.", async () => {
    fake.enqueue({ steps: [{ text: "I shall not" }, { gate: "look" }, { text: " tell." }, { finish: "stop" }] });
    await chat.ask(QUESTION);
    await chat.shows("I shall not");
    look();
    fake.gate("look").open();
    await chat.answered("I shall not tell.");
    assert.equal(fake.requests.at(-1)?.headers["authorization"], `Bearer ${CANARY}`);
  });

  test("Failures, a crash and local inference do their worst.", async () => {
    // Some servers repeat the key in their words.
    fake.enqueue({ status: 401, body: { error: { message: `Incorrect API key provided: ${CANARY}.` } } });
    await chat.ask("Is this key right?");
    await chat.shows("here did not accept the key.");

    fake.enqueue({ steps: [{ text: "Until now" }, { gate: "never" }, { finish: "stop" }] });
    await chat.ask("How long do you live?");
    await chat.shows("Until now");
    process.kill(sidecarPid(workbench.serverPid), "SIGSEGV");
    await chat.shows("ended in the middle of this answer");

    workbench.writeSettings({ "parley.model": "local/demo" });
    await chat.waitForModel("Demo");
    await chat.ask("Do you know a key?");
    await chat.shows("Do you know a key?");
    look();
  });

  test("No command line and no environment holds a key, but for the editor's own where one was put.", () => {
    const processes = Array.from(seen.values());
    const sidecars = processes.filter(({ commandLine }) => commandLine.some((part) => part.endsWith("sidecar.mjs")));
    const hosts = new Set(sidecars.map(({ parent }) => parent));
    assert.equal(sidecars.length, 2);
    assert.ok(processes.some(({ commandLine }) => commandLine.some((part) => part.endsWith("inference.mjs"))));
    for (const { commandLine, environment } of processes) {
      assert.ok(!commandLine.join(" ").includes(CANARY));
      assert.ok(!commandLine.join(" ").includes(keyInEnvironment.value));
      assert.ok(!environment.includes(CANARY));
    }
    // The editor's processes inherit what its user put there; what Parley starts must not.
    assert.ok(processes.filter(({ pid }) => hosts.has(pid)).every(({ environment }) => environment.includes(keyInEnvironment.value)));
    for (const one of processes.filter((one) => isBelow(one, sidecars, seen))) {
      assert.ok(!one.environment.includes(keyInEnvironment.value), one.commandLine.join(" "));
    }
  });

  test("No file holds a key: no log, setting, database or document.", async () => {
    const files = (): readonly string[] => filesBelow(workbench.serverFolder);
    const log = (): string =>
      files()
        .filter((file) => file.endsWith("/Parley.log"))
        .map((file) => readFile(workbench, file).toString())
        .join("");
    await until(() => log().includes("was ended by the signal SIGSEGV"), "the crash in the log");
    assert.match(log(), /\[trace\]/);
    const holding = (text: string): readonly string[] => files().filter((file) => readFile(workbench, file).includes(text));
    // What may be kept is found, so that what must not be kept would be found as well.
    assert.ok(holding(QUESTION).some((file) => file.includes("conversations.sqlite")));
    assert.deepEqual(holding(CANARY), []);
    assert.deepEqual(holding(keyInEnvironment.value), []);
    assert.ok(!workbench.serverLog().includes(CANARY));
  });
});

/** Relative to the folder. The editor goes on making folders and removing them. */
function filesBelow(folder: string, path = ""): readonly string[] {
  return entriesOf(join(folder, path)).flatMap((entry) => {
    const below = join(path, entry.name);
    return entry.isDirectory() ? filesBelow(folder, below) : [below];
  });
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // It is gone by now.
    return [];
  }
}

function readFile({ serverFolder }: Workbench, file: string): Buffer {
  try {
    return readFileSync(join(serverFolder, file));
  } catch {
    // A socket, or a file that is gone by now.
    return Buffer.alloc(0);
  }
}

function isBelow(one: RunningProcess, ancestors: readonly RunningProcess[], all: ReadonlyMap<number, RunningProcess>): boolean {
  const parent = all.get(one.parent);
  return ancestors.includes(one) || (parent !== undefined && isBelow(parent, ancestors, all));
}

async function setLogLevel(workbench: Workbench, level: string): Promise<void> {
  await workbench.runCommand("Developer: Set Log Level...");
  await workbench.quickInput().fill("Parley");
  await workbench.pick("Parley");
  await workbench.pick(level);
}
