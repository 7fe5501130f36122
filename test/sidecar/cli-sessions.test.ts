// Conversations on the command line: `parley sessions …` and `parley ask --session`.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { runParley } from "../../sidecar/cli/run.ts";
import { Terminal, type TerminalHost } from "../../sidecar/cli/terminal.ts";
import { databaseName, defaultStoreFolder, editorStores, extensionId } from "../../sidecar/sessions/known-stores.ts";
import { newSession } from "../../sidecar/sessions/new-session.ts";
import { openStore } from "../../sidecar/sessions/open-store.ts";
import type { StoredMessage, UserPart } from "../../sidecar/types.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { jsonLines } from "../support/json-lines.ts";
import { ParleyProcess } from "../support/parley-process.ts";

const onWindows = process.platform === "win32";
/** The sources, since the store's thread is a file beside the program. */
const program = fileURLToPath(new URL("../../sidecar/cli.ts", import.meta.url));
const model = ["--model", "openai-compatible/fake-model"];

let fake: FakeProvider;
/** The user's home; every store is below it. */
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

const environment = (): { readonly [name: string]: string } => ({
  HOME: home,
  APPDATA: join(home, "AppData"),
  PARLEY_STORE: store,
  OPENAI_COMPATIBLE_BASE_URL: fake.baseUrl("openai-chat"),
});

interface Surroundings {
  readonly input?: string;
  readonly isTTY?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function parley(args: readonly string[], { input, isTTY = false, env = environment() }: Surroundings = {}): Promise<Ended> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()].map((stream) =>
    Object.assign(stream, { isTTY }),
  );
  assert.ok(stdin !== undefined && stdout !== undefined && stderr !== undefined);
  // A terminal stays open after what was typed; a pipe ends.
  if (isTTY && input !== undefined) stdin.write(input);
  else stdin.end(input);
  const host: TerminalHost = { env, stdin, stdout, stderr, on: () => undefined, exit: () => undefined };
  const status = await runParley(args, new Terminal(host));
  return { status, stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

/** The id of a new conversation in which this was asked. */
async function asked(question: string, answer: string, more: readonly string[] = []): Promise<string> {
  fake.enqueue({ text: answer });
  const { status, stdout, stderr } = await parley(["ask", ...model, "--session", "new", ...more, question]);
  assert.deepEqual([status, stdout], [0, `${answer}\n`]);
  const [, id = ""] = /^parley: session ([\w-]{36})\n$/u.exec(stderr) ?? [];
  assert.notEqual(id, "", stderr);
  return id;
}

function sentMessages(request: number): unknown {
  return fake.requests[request]?.body?.["messages"];
}

describe("parley ask --session", () => {
  it("keeps what was said: the next question of another process knows it", async () => {
    const id = await asked("My name is Alice.", "Nice to meet you.", ["--system", "Be polite.", "--temperature", "0.5"]);
    fake.enqueue({ text: "Alice." });
    const { status, stdout, stderr } = await parley(["ask", "--session", id.slice(0, 12), "What is my name?"]);
    assert.deepEqual([status, stdout, stderr], [0, "Alice.\n", ""], "The conversation's own model answers, and nothing is told of it.");
    assert.deepEqual(sentMessages(1), [
      { role: "system", content: "Be polite." },
      { role: "user", content: "My name is Alice." },
      { role: "assistant", content: "Nice to meet you." },
      { role: "user", content: "What is my name?" },
    ]);
    assert.equal(fake.requests[1]?.body?.["temperature"], 0.5);
  });

  it("prints events as before with --json, and the id on the error output", async () => {
    fake.enqueue({ text: "Yes" });
    const { status, stdout, stderr } = await parley(["ask", ...model, "--session", "new", "--json", "Well?"]);
    assert.equal(status, 0);
    const events = jsonLines(stdout);
    assert.equal(events.at(-1)?.["type"], "end");
    assert.match(stderr, /^parley: session [\w-]{36}\n$/u);
  });

  it("keeps a question whose answer fails, and ends with 1", async () => {
    fake.enqueue({ status: 400, body: { error: { message: "no" } } });
    const { status, stderr } = await parley(["ask", ...model, "--session", "new", "Well?"]);
    assert.equal(status, 1);
    const id = /session ([\w-]{36})/u.exec(stderr)?.[1] ?? "";
    const kept = jsonLines((await parley(["sessions", "show", "--json", id])).stdout);
    assert.deepEqual(
      kept.map(({ status }) => status),
      [undefined, "error"],
    );
  });

  it("says what is wrong with a session that it cannot use", async () => {
    const id = await asked("One", "1");
    assert.match((await parley(["ask", "--session", "zzz", "x"])).stderr, /There is no conversation "zzz"/u);
    const wrong = await parley(["ask", "--store", store, "x"]);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /--store .* goes with --session/u);
    const missing = await parley(["ask", "--session", id, "--store", join(home, "elsewhere"), "x"]);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /There are no conversations in .*elsewhere/u);
    assert.equal(existsSync(join(home, "elsewhere")), false, "What is only looked at is not made.");
    assert.equal(fake.requests.length, 1);
  });

  it("refuses to ask in a conversation that another process is answering in", async () => {
    const other = await openStore(store);
    const session = newSession({ model: "openai-compatible/fake-model" });
    await other.createSession(session);
    const question: StoredMessage = { id: "q", session: session.id, parent: null, createdAt: 1, message: { role: "user", content: [] } };
    const assistant: StoredMessage = {
      ...question,
      id: "a",
      parent: "q",
      status: "streaming",
      message: { role: "assistant", content: [] },
    };
    await other.beginTurn({ session: session.id, user: question, assistant, changes: {} });
    const { status, stderr } = await parley(["ask", "--session", session.id, "x"]);
    assert.equal(status, 1);
    assert.match(stderr, /answer/u);
    assert.equal(fake.requests.length, 0);
    await other.close();
  });

  it("keeps what had come when it is interrupted, and ends with 130", { skip: onWindows ? "no SIGINT for a child" : false }, async () => {
    fake.enqueue({ steps: [{ text: "Half" }, { gate: "never" }] });
    const running = new ParleyProcess(["ask", ...model, "--session", "new", "Well?"], { program, env: environment() });
    // The text must have arrived before Ctrl+C.
    await once(running.child.stdout, "data");
    running.interrupt();
    const { status, stdout, stderr } = await running.ended;
    assert.deepEqual([status, stdout], [130, "Half\n"]);
    const id = /session ([\w-]{36})/u.exec(stderr)?.[1] ?? "";
    const [, answer] = jsonLines((await parley(["sessions", "show", "--json", id])).stdout);
    assert.equal(answer?.["status"], "cancelled");
    assert.match(JSON.stringify(answer?.["message"]), /Half/u);
  });
});

describe("parley sessions list", () => {
  it("names what is kept, the last changed first, each by an id that is enough", async () => {
    const [one, other] = [await asked("First question", "1"), await asked("Second question", "2")];
    const { status, stdout, stderr } = await parley(["sessions", "list"]);
    assert.deepEqual([status, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, 2);
    assert.match(
      lines[0] ?? "",
      new RegExp(`^${other.slice(0, 8)}  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d  openai-compatible/fake-model  Second question$`, "u"),
    );
    assert.match(lines[1] ?? "", new RegExp(`^${one.slice(0, 8)} `, "u"));
    const json = jsonLines((await parley(["sessions", "list", "--json", "--limit", "1"])).stdout);
    assert.deepEqual(
      json.map(({ id, title }) => ({ id, title })),
      [{ id: other, title: "Second question" }],
    );
    assert.match((await parley(["sessions", "list", "--limit", "1"])).stderr, /there are more/u);
  });

  it("looks into the user's data folder where nothing else is named, and makes nothing", async () => {
    const { PARLEY_STORE: _store, ...env } = environment();
    const folder = defaultStoreFolder({ environment: env });
    assert.ok(folder.startsWith(home));
    const { status, stdout, stderr } = await parley(["sessions", "list"], { env });
    assert.deepEqual([status, stdout], [0, ""]);
    assert.equal(stderr, `parley: there are no conversations in ${folder}.\n`);
    assert.equal(existsSync(folder), false);
    fake.enqueue({ text: "1" });
    assert.equal((await parley(["ask", ...model, "--session", "new", "One"], { env })).status, 0);
    assert.ok(existsSync(join(folder, databaseName)));
    assert.match((await parley(["sessions", "list"], { env })).stdout, /One\n$/u);
  });

  it(
    "names the conversations of editors, which --store takes",
    { skip: onWindows || process.platform === "darwin" ? "the folders of Linux" : false },
    async () => {
      const folders = {
        "VS Code": join(home, ".config/Code/User/globalStorage/parley.parley"),
        "code-server": join(home, ".local/share/code-server/User/globalStorage/parley.parley"),
        Cursor: join(home, ".config/Cursor/User/globalStorage/parley.parley"),
      };
      for (const name of ["VS Code", "code-server"] as const) await (await openStore(folders[name])).close();
      // An editor that has the extension, and no conversations yet.
      await mkdir(folders.Cursor, { recursive: true });
      const { stderr } = await parley(["sessions", "list"]);
      assert.match(stderr, new RegExp(`VS Code has conversations too: --store "${folders["VS Code"]}"`, "u"));
      assert.match(stderr, /code-server has conversations too/u);
      assert.doesNotMatch(stderr, /Cursor/u);
      const chosen = await parley(["sessions", "list", "--store", folders["VS Code"]]);
      assert.doesNotMatch(chosen.stderr, /VS Code has/u);
      const lost = await parley(["sessions", "show", "x"]);
      assert.match(lost.stderr, /There are no conversations in .*store\. --store takes another folder:\n\s+VS Code: /u);
    },
  );
});

describe("parley sessions show and search", () => {
  it("print the branch that was shown last, and each message with --json", async () => {
    const id = await asked("What is 1?", "# One\n\nIt is one.");
    const { stdout } = await parley(["sessions", "show", id]);
    assert.match(
      stdout,
      /^# What is 1\?\n\n[\w-]{36}, .*\n\n## User\n\nWhat is 1\?\n\n## Assistant · openai-compatible\/fake-model\n\n# One\n\nIt is one\.\n$/u,
    );
    const messages = jsonLines((await parley(["sessions", "show", "--json", id])).stdout);
    assert.deepEqual(
      messages.map(({ session, status }) => [session, status]),
      [
        [id, undefined],
        [id, "complete"],
      ],
    );
  });

  it("name the lines of a file that a part of it was asked about", async () => {
    const opened = await openStore(store);
    const session = newSession({ model: null });
    await opened.createSession(session);
    const lines = { type: "file", uri: "file:///a.ts", name: "a.ts", text: "", startLine: 3 } as const;
    const content = [9, 3].map((endLine): UserPart => ({ ...lines, endLine }));
    const message: StoredMessage = { id: "q", session: session.id, parent: null, createdAt: 1, message: { role: "user", content } };
    await opened.addMessages({ session: session.id, messages: [message], leaf: "q" });
    await opened.close();
    assert.match((await parley(["sessions", "show", session.id])).stdout, /\[a\.ts \(lines 3 to 9\)\]\n\n\[a\.ts \(line 3\)\]\n$/u);
  });

  it("find words in messages and titles, and say where", async () => {
    const id = await asked("About retries", "The retry limit is five, and then it stops.");
    await asked("About cats", "They purr.");
    const { status, stdout } = await parley(["sessions", "search", "retry", "lim"]);
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^${id.slice(0, 8)}  .*  About retries\\n    Assistant: The \\[retry\\] \\[lim\\]it is five`, "u"));
    assert.doesNotMatch(stdout, /cats/u);
    const [hit] = jsonLines((await parley(["sessions", "search", "--json", '"limit is"'])).stdout);
    assert.equal(JSON.stringify(hit?.["session"]).includes(id), true);
    assert.match((await parley(["sessions", "search", "dogs"])).stderr, /nothing was found/u);
    assert.equal((await parley(["sessions", "search", " "])).status, 2);
  });

  it("take the beginning of an id that only one has", async () => {
    const opened = await openStore(store);
    for (const id of ["aaaa1", "aaab2"]) await opened.createSession({ ...newSession({ model: null, title: id }), id });
    await opened.close();
    assert.match((await parley(["sessions", "show", "aaaa"])).stdout, /^# aaaa1\n/u);
    const several = await parley(["sessions", "show", "aaa"]);
    assert.equal(several.status, 1);
    assert.match(several.stderr, /Several conversations begin with "aaa": aaa.\d and aaa.\d/u);
    assert.match((await parley(["sessions", "show", "b"])).stderr, /There is no conversation "b"/u);
    assert.equal((await parley(["sessions", "show"])).status, 2);
    assert.equal((await parley(["sessions", "show", ""])).status, 1);
  });
});

describe("parley sessions export and import", () => {
  it("give a conversation back whole, in either form, through a file or a pipe", async () => {
    const id = await asked("Say <!-- parley:end -->", "```\r\nopen");
    const markdown = await parley(["sessions", "export", id]);
    assert.match(markdown.stdout, /^---\nparley: conversation\/1\n/u);
    const file = join(home, "talk.json");
    assert.deepEqual(await parley(["sessions", "export", id, "--output", file]), { status: 0, stdout: "", stderr: "" });
    const archive = await readFile(file, "utf8");
    assert.match(archive, /^\{"schema_version":"session-archive\/v1",\n/u);
    assert.equal((await parley(["sessions", "export", id, "--format", "json"])).stdout, archive);
    const piped = await parley(["sessions", "import", "-"], { input: markdown.stdout });
    assert.equal(piped.status, 0);
    const again = await parley(["sessions", "import", "--json", file]);
    const copies = [piped.stdout.trim(), String(jsonLines(again.stdout)[0]?.["id"])];
    const shown = async (of: string): Promise<string> => (await parley(["sessions", "show", of])).stdout.split("\n").slice(4).join("\n");
    for (const copy of copies) {
      assert.notEqual(copy, id);
      assert.equal(await shown(copy), await shown(id));
    }
    assert.equal(jsonLines((await parley(["sessions", "list", "--json"])).stdout).length, 3);
  });

  it("take in what can be read, and name what cannot", async () => {
    const id = await asked("One", "1");
    const [good, bad] = [join(home, "good.md"), join(home, "bad.md")];
    await parley(["sessions", "export", id, "--output", good]);
    await writeFile(bad, (await readFile(good, "utf8")).slice(0, -30));
    const { status, stdout, stderr } = await parley(["sessions", "import", bad, good]);
    assert.equal(status, 1);
    assert.equal(stdout.split("\n").length, 2);
    assert.match(stderr, /bad\.md: Line \d+: /u);
    assert.equal((await parley(["sessions", "import"])).status, 2);
    assert.equal((await parley(["sessions", "export", id, "--format", "pdf"])).status, 2);
    const unwritable = await parley(["sessions", "export", id, "--output", join(home, "no", "x.md")]);
    assert.equal(unwritable.status, 1);
    assert.match(unwritable.stderr, /cannot be written/u);
  });
});

describe("parley sessions delete", () => {
  it("asks on a terminal, and deletes for good", async () => {
    const id = await asked("One", "1");
    const no = await parley(["sessions", "delete", id], { isTTY: true, input: "no\n" });
    assert.equal(no.status, 0);
    assert.match(no.stderr, /Delete "One" \([\w-]+\) for good\? \[y\/N\]/u);
    assert.match(no.stderr, /it stays/u);
    assert.match((await parley(["sessions", "list"])).stdout, /One/u);
    // The end of the input is no yes.
    await parley(["sessions", "delete", id], { isTTY: true });
    assert.match((await parley(["sessions", "list"])).stdout, /One/u);
    assert.equal((await parley(["sessions", "delete", id], { isTTY: true, input: "yes\n" })).status, 0);
    assert.equal((await parley(["sessions", "list"])).stdout, "");
    assert.equal((await readFile(join(store, databaseName))).includes("One"), false, "Nothing of it is left in the file.");
  });

  it("wants --yes where nobody can be asked, and deletes nothing where one of several is wrong", async () => {
    const id = await asked("One", "1");
    const { status, stderr } = await parley(["sessions", "delete", id]);
    assert.equal(status, 2);
    assert.match(stderr, /give --yes/u);
    assert.equal((await parley(["sessions", "delete", "--yes", id, "zzz"])).status, 1);
    assert.match((await parley(["sessions", "list"])).stdout, /One/u);
    assert.deepEqual(await parley(["sessions", "delete", "--yes", id, id.slice(0, 8)]), { status: 0, stdout: "", stderr: "" });
    assert.equal((await parley(["sessions", "list"])).stdout, "");
  });
});

describe("parley sessions", () => {
  it("says what there is, and what each takes", async () => {
    const wrong = await parley(["sessions", "burn"]);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /There is no "sessions burn".*list, show, search, export, import, delete/u);
    assert.equal((await parley(["sessions"])).status, 2);
    assert.match((await parley(["sessions", "--help"])).stdout, /export ID/u);
    assert.match((await parley(["sessions", "export", "--help"])).stdout, /Usage: parley sessions export \[OPTION\]… ID\n/u);
    assert.match((await parley(["help", "sessions", "export"])).stdout, /--output FILE/u);
    assert.match((await parley(["--help"])).stdout, /\n {2}sessions /u);
    assert.match((await parley(["sessions", "list", "--josn"])).stderr, /Did you mean --json/u);
  });

  it("knows the folders of each system, and the extension's own name", async () => {
    const manifest: { readonly publisher: string; readonly name: string } = JSON.parse(
      await readFile(new URL("../../package.json", import.meta.url), "utf8"),
    );
    assert.equal(extensionId, `${manifest.publisher}.${manifest.name}`.toLowerCase());
    const env = { HOME: "/home/a", APPDATA: "/home/a/Roaming", XDG_DATA_HOME: "/data" };
    const folder = (platform: NodeJS.Platform, environment: NodeJS.ProcessEnv = env): string =>
      defaultStoreFolder({ environment, platform });
    assert.equal(folder("linux"), join("/data", "parley"));
    assert.equal(folder("linux", { HOME: "/home/a", XDG_DATA_HOME: "not/absolute" }), join("/home/a", ".local/share/parley"));
    assert.equal(folder("darwin"), join("/home/a", "Library/Application Support/Parley"));
    assert.equal(folder("win32"), join("/home/a/Roaming", "Parley"));
    for (const [platform, editor, at] of [
      ["darwin", "Cursor", "Library/Application Support/Cursor"],
      ["win32", "VS Code Insiders", "AppData/Roaming/Code - Insiders"],
      ["linux", "VS Code (remote)", ".vscode-server/data"],
    ] as const) {
      const there = join(home, at, "User/globalStorage", extensionId);
      await mkdir(there, { recursive: true });
      await writeFile(join(there, databaseName), "");
      const found = await editorStores({ environment: { HOME: home }, platform });
      assert.deepEqual(found, [{ editor, folder: there }]);
      await rm(there, { recursive: true });
    }
  });
});
