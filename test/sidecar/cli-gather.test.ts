import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, open, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import type { Totals } from "../../sidecar/answers/totals.ts";
import { reportMarkdown } from "../../sidecar/cli/report.ts";
import { asText } from "../../sidecar/providers/json-fields.ts";
import { FakeProvider, type FakeRequest } from "../support/fake-provider.ts";
import { jsonLines } from "../support/json-lines.ts";
import { parley, ParleyProcess } from "../support/parley-process.ts";

let fake: FakeProvider;
let folder: string;
before(async () => {
  fake = await FakeProvider.start();
  folder = await mkdtemp(join(tmpdir(), "parley-gather-"));
  for (const name of ["a.ts", "b.ts", "c.md", "d.ts", "e.ts", "f.ts"]) await writeFile(join(folder, name), `content of ${name}\n`);
});
afterEach(() => fake.reset());
after(async () => {
  await fake.close();
  await rm(folder, { recursive: true });
});

const env = (): { readonly [name: string]: string } => ({ OPENAI_COMPATIBLE_BASE_URL: fake.baseUrl("openai-chat") });
const base = ["gather", "--model", "openai-compatible/m", "--prompt", "Summarize."];
const gather = (...args: readonly string[]): ReturnType<typeof parley> => parley([...base, ...args], { env: env(), cwd: folder });

const routes = (): readonly string[] => fake.requests.map(({ route }) => route);

const onWindows = process.platform === "win32";

/** Which file a request is about. */
const fileOf = ({ bodyText }: FakeRequest): string => /File: (\S+?)\\n/u.exec(bodyText)?.[1] ?? "no file";

describe("parley gather", () => {
  it("answers for every file, in the order of the files however they finish", async () => {
    fake.respond((request) => ({
      steps:
        fileOf(request) === "a.ts"
          ? [{ gate: "a" }, { text: "about A" }, { finish: "stop" }]
          : [{ text: `about ${fileOf(request)}` }, { finish: "stop" }],
    }));
    const process = new ParleyProcess([...base, "a.ts", "b.ts", "c.md"], { env: env(), cwd: folder });
    await fake.waitFor(({ requests, openAnswers }) => requests === 3 && openAnswers === 1, "the others to be answered");
    fake.gate("a").open();
    const { status, stdout, stderr } = await process.ended;
    assert.deepEqual([status, stderr], [0, ""]);
    assert.equal(stdout, "## a.ts\n\nabout A\n\n## b.ts\n\nabout b.ts\n\n## c.md\n\nabout c.md\n\n");
  });

  it("begins every request alike: the prompt first, then the file", async () => {
    await gather("a.ts", "b.ts");
    const texts = fake.requests.map(({ body }) => JSON.stringify(body?.["messages"])).toSorted();
    assert.match(texts[0] ?? "", /"Summarize\.\\n\\nFile: a\.ts\\n```ts\\ncontent of a\.ts\\n```"/u);
    assert.match(texts[1] ?? "", /"Summarize\.\\n\\nFile: b\.ts\\n/u);
  });

  it("lets one failure touch no other, says why, and ends with 1", async () => {
    fake.respond((request) =>
      fileOf(request) === "b.ts" ? { status: 400, body: { error: { message: "not this one" } } } : { text: "fine" },
    );
    const { status, stdout, stderr } = await gather("a.ts", "b.ts", "missing.ts", "c.md");
    assert.equal(status, 1);
    assert.equal(stdout, "## a.ts\n\nfine\n\n## c.md\n\nfine\n\n");
    assert.match(stderr, /^parley: b\.ts: .*\n.*not this one/u);
    assert.match(stderr, /\nparley: missing\.ts cannot be read: there is no such file\./u);
  });

  it("tells a failure that many files share once", async () => {
    fake.respond({ status: 401, body: { error: { message: "who are you?", code: "invalid_api_key" } } });
    const { status, stderr } = await gather("a.ts", "b.ts", "c.md");
    assert.equal(status, 1);
    assert.equal(stderr.match(/who are you\?/gu)?.length, 1);
    assert.match(stderr, /^parley: a\.ts and 2 more: /u);
  });

  it("says of an answer that was cut by length what allows a longer one, and takes that option", async () => {
    fake.respond(({ body }) => ({ steps: [{ text: "and so o" }, { finish: body?.["max_tokens"] === 64 ? "stop" : "length" }] }));
    const cut = await gather("a.ts");
    assert.deepEqual([cut.status, cut.stdout], [0, "## a.ts\n\nand so o\n\n"]);
    const option = /^parley: a\.ts: the answer was cut at its greatest length; (--\S+) allows more/u.exec(cut.stderr)?.[1];
    assert.ok(option !== undefined, cut.stderr);
    const allowed = await gather(option, "64", "a.ts");
    assert.deepEqual([allowed.status, allowed.stderr], [0, ""]);
  });

  it("asks every model about every file", async () => {
    fake.respond(({ body }) => ({ text: `by ${JSON.stringify(body?.["model"])}` }));
    const { stdout } = await parley(
      ["gather", "--model", "openai-compatible/m", "--model", "openai-compatible/n", "--prompt", "x", "a.ts"],
      { env: env(), cwd: folder },
    );
    assert.equal(stdout, '## a.ts (openai-compatible/m)\n\nby "m"\n\n## a.ts (openai-compatible/n)\n\nby "n"\n\n');
  });

  it("asks one model after the other where one server has to load them, and tells the answers in the order of the files", async () => {
    fake.respond((request) => ({ text: `${asText(request.body?.["model"])} about ${fileOf(request)}` }));
    const { stdout } = await gather("--model", "openai-compatible/n", "--concurrency", "1", "a.ts", "b.ts");
    assert.deepEqual(
      fake.requests.map((request) => `${asText(request.body?.["model"])} ${fileOf(request)}`),
      ["m a.ts", "m b.ts", "n a.ts", "n b.ts"],
    );
    assert.deepEqual(stdout.match(/^[mn] about .*/gmu), ["m about a.ts", "n about a.ts", "m about b.ts", "n about b.ts"]);
  });

  it("has all answers that had come where it is stopped, also those behind some that never began", async () => {
    fake.respond((request) =>
      asText(request.body?.["model"]) === "m" ? { text: `about ${fileOf(request)}` } : { steps: [{ text: "" }, { gate: "never" }] },
    );
    const args = ["--model", "openai-compatible/n", "--concurrency", "1", "--report", "stopped.md", "a.ts", "b.ts", "c.md"];
    const process = new ParleyProcess([...base, ...args], { env: env(), cwd: folder });
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("never"), "the second model to be asked");
    process.interrupt();
    const { stdout } = await process.ended;
    const answers = ["about a.ts", "about b.ts", "about c.md"];
    assert.deepEqual(stdout.match(/^about .*/gmu), answers);
    assert.deepEqual((await readFile(join(folder, "stopped.md"), "utf8")).match(/^about .*/gmu), answers);
    await rm(join(folder, "stopped.md"));
  });

  it("runs as many at once as it is told, and no more", async () => {
    fake.respond({ steps: [{ text: "x" }, { gate: "go" }, { finish: "stop" }] });
    const process = new ParleyProcess([...base, "--concurrency", "2", "a.ts", "b.ts", "c.md", "d.ts", "e.ts", "f.ts"], {
      env: env(),
      cwd: folder,
    });
    await fake.waitFor(({ openAnswers }) => openAnswers === 2, "two answers under way");
    fake.gate("go").open();
    assert.equal((await process.ended).status, 0);
    assert.deepEqual([fake.state().peakAnswers, fake.requests.length], [2, 6]);
  });

  it("prints with --json run-start, every event with its item and model, and run-end with the totals", async () => {
    fake.respond((request) => (fileOf(request) === "b.ts" ? { status: 400, body: { error: { message: "no" } } } : { text: "two words" }));
    const { status, stdout } = await gather("--json", "./a.ts", "b.ts", "missing.ts");
    assert.equal(status, 1);
    const lines = jsonLines(stdout);
    assert.deepEqual(lines[0], { type: "run-start", items: ["./a.ts", "b.ts", "missing.ts"], models: ["openai-compatible/m"], answers: 3 });
    const end = lines.at(-1);
    assert.deepEqual([end?.["type"], end?.["complete"], end?.["failed"], end?.["cancelled"]], ["run-end", 1, 2, 0]);
    assert.deepEqual(Object.keys(end ?? {}), ["type", "complete", "failed", "cancelled", "usage"], "an unknown cost is absent");
    for (const [item, status] of [
      ["./a.ts", "complete"],
      ["b.ts", "error"],
      ["missing.ts", "error"],
    ]) {
      const events = lines.slice(1, -1).filter((line) => line["item"] === item);
      assert.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_, index) => index + 1),
      );
      assert.ok(events.every(({ model }) => model === "openai-compatible/m"));
      assert.deepEqual(events[0], { type: "start", provider: "openai-compatible", model: "openai-compatible/m", seq: 1, item });
      assert.deepEqual([events[0]?.["type"], events.at(-1)?.["type"], events.at(-1)?.["status"]], ["start", "end", status]);
    }
  });

  it("writes a report with a section for every file, whatever became of it", async () => {
    fake.respond((request) => (fileOf(request) === "b.ts" ? { steps: [{ text: "only half" }, { cut: "close" }] } : { text: "Whole." }));
    const { status } = await gather("--report", "report.md", "a.ts", "b.ts", "missing.ts");
    assert.equal(status, 1);
    const report = await readFile(join(folder, "report.md"), "utf8");
    assert.match(report, /^# Summarize\.\n\n## a\.ts\n\nWhole\.\n\n## b\.ts\n\nonly half\n\n> \*\*Not complete:\*\* /u);
    assert.match(report, /## missing\.ts\n\n> \*\*Not complete:\*\* missing\.ts cannot be read/u);
    assert.match(report, /\n---\n\n1 of 3 complete; by openai-compatible\/m; about \d+ tokens in, \d+ out\n$/u);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith(".tmp")),
      [],
    );
    await rm(join(folder, "report.md"));
  });

  it("says of an answer without text that it has none, on the error output and in the report", async () => {
    fake.respond((request) => (fileOf(request) === "b.ts" ? { steps: [{ finish: "stop" }] } : { text: "Whole." }));
    const { status, stderr } = await gather("--report", "empty.md", "a.ts", "b.ts");
    assert.deepEqual([status, stderr], [0, "parley: b.ts: the model answered with no text (finish reason: stop).\n"]);
    assert.match(
      await readFile(join(folder, "empty.md"), "utf8"),
      /## a\.ts\n\nWhole\.\n\n## b\.ts\n\n> The model answered with no text\.\n/u,
    );
    await rm(join(folder, "empty.md"));
  });

  it("refuses a report that would overwrite one of the files, asks nothing, and leaves the file as it was", async () => {
    const before = await readFile(join(folder, "a.ts"), "utf8");
    const { status, stderr } = await gather("--report", "./a.ts", "b.ts", "a.ts");
    assert.equal(status, 2);
    assert.match(stderr, /would overwrite a\.ts/u);
    assert.equal(await readFile(join(folder, "a.ts"), "utf8"), before);
    assert.equal(fake.requests.length, 0);
  });

  it("refuses a report without a name before anything is asked", async () => {
    const { status, stderr } = await gather("--report", "", "a.ts");
    assert.deepEqual([status, fake.requests.length], [2, 0]);
    assert.match(stderr, /--report needs the name of a file; it is empty/u);
  });

  it("asks once about a file that is given twice, and says so", async () => {
    fake.respond((request) => ({ text: `about ${fileOf(request)}` }));
    const { status, stdout, stderr } = await gather("./b.ts", "a.ts", "b.ts", "a.ts", join(folder, "a.ts"));
    assert.deepEqual([status, stdout], [0, "## ./b.ts\n\nabout ./b.ts\n\n## a.ts\n\nabout a.ts\n\n"]);
    assert.equal(stderr, `parley: given more than once, and asked about once: b.ts, a.ts, ${join(folder, "a.ts")}.\n`);
    assert.equal(fake.requests.length, 2);
  });

  it("takes a file by the name of a link to it for that file", { skip: onWindows ? "links need a privilege" : false }, async () => {
    await symlink("a.ts", join(folder, "link-to-a.md"));
    await mkdir(join(folder, "d"));
    await symlink(".", join(folder, "d", "loop"));
    const before = await readFile(join(folder, "a.ts"), "utf8");
    for (const name of ["link-to-a.md", "d/loop/../a.ts"]) {
      const { status, stderr } = await gather("--report", name, "b.ts", "a.ts");
      assert.deepEqual([status, fake.requests.length], [2, 0]);
      assert.match(stderr, /would overwrite a\.ts/u);
      assert.equal(await readFile(join(folder, "a.ts"), "utf8"), before);
    }
    const { stderr } = await gather("a.ts", "link-to-a.md");
    assert.deepEqual([stderr, fake.requests.length], ["parley: given more than once, and asked about once: link-to-a.md.\n", 1]);
    for (const name of ["link-to-a.md", "d"]) await rm(join(folder, name), { recursive: true });
  });

  it("writes a report through a link, which stays one", { skip: onWindows ? "links need a privilege" : false }, async () => {
    await symlink("d.ts", join(folder, "link.md"));
    const { status } = await gather("--report", "link.md", "a.ts");
    assert.equal(status, 0);
    assert.equal(await readlink(join(folder, "link.md")), "d.ts");
    assert.match(await readFile(join(folder, "d.ts"), "utf8"), /^# Summarize\.\n/u);
    await rm(join(folder, "link.md"));
  });

  it(
    "writes a report to what is no file, and puts none in its place",
    { skip: onWindows ? "no named pipes in folders" : false },
    async () => {
      const path = join(folder, "pipe");
      spawnSync("sh", ["-c", 'mkfifo "$0"', path]);
      const pipe = await open(path, "r+");
      try {
        const { status, stderr } = await gather("--report", "pipe", "a.ts");
        assert.deepEqual([status, stderr, (await stat(path)).isFIFO()], [0, "", true]);
        const { buffer, bytesRead } = await pipe.read(Buffer.alloc(4096));
        assert.match(buffer.toString("utf8", 0, bytesRead), /^# Summarize\.\n/u);
      } finally {
        await pipe.close();
        await rm(path);
      }
    },
  );

  it("ends the run with its totals, and with 1, where the report cannot be written after all", async () => {
    const inside = join(folder, "inside");
    await mkdir(inside);
    fake.respond({ steps: [{ text: "x" }, { gate: "go" }, { finish: "stop" }] });
    const process = new ParleyProcess([...base, "--json", "--report", "inside/report.md", "a.ts"], { env: env(), cwd: folder });
    await fake.waitFor(({ openAnswers }) => openAnswers === 1, "the answer to be under way");
    await rm(inside, { recursive: true });
    fake.gate("go").open();
    const { status, stdout, stderr } = await process.ended;
    assert.equal(status, 1);
    assert.match(stderr, /^parley: The report could not be written: ENOENT[^\n]+\n$/u);
    assert.equal(jsonLines(stdout).at(-1)?.["type"], "run-end");
  });

  it(
    "is stopped by SIGTERM as by Ctrl+C, says so in one line, and ends with 143",
    { skip: onWindows ? "no SIGTERM for a child" : false },
    async () => {
      fake.respond({ steps: [{ text: "so far" }, { gate: "never" }] });
      const process = new ParleyProcess([...base, "--json", "--concurrency", "1", "a.ts", "b.ts"], { env: env(), cwd: folder });
      await fake.waitFor(({ waitingAt }) => waitingAt.includes("never"), "an answer to be under way");
      process.terminate();
      const { status, stdout, stderr } = await process.ended;
      assert.deepEqual([status, stderr], [143, "parley: stopped by SIGTERM before it was done.\n"]);
      assert.deepEqual([jsonLines(stdout).at(-1)?.["type"], fake.requests.length], ["run-end", 1]);
      await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the provider to see the socket closed");
    },
  );

  it("is interrupted by Ctrl+C: every socket closes, nothing more is asked, and the run ends with its counts", async () => {
    fake.respond({ steps: [{ text: "so far" }, { gate: "never" }] });
    const process = new ParleyProcess([...base, "--json", "--concurrency", "2", "a.ts", "b.ts", "c.md", "d.ts"], {
      env: env(),
      cwd: folder,
    });
    await fake.waitFor(({ waitingAt }) => waitingAt.filter((gate) => gate === "never").length === 2, "two answers to be under way");
    process.interrupt();
    const { status, stdout } = await process.ended;
    assert.equal(status, 130);
    await fake.waitFor(({ clientClosed }) => clientClosed === 2, "the provider to see both sockets closed");
    assert.equal(fake.requests.length, 2);
    const lines = jsonLines(stdout);
    const end = lines.at(-1);
    assert.deepEqual([end?.["type"], end?.["complete"], end?.["failed"], end?.["cancelled"]], ["run-end", 0, 0, 4]);
    const ends = lines.filter(({ type }) => type === "end");
    assert.deepEqual(
      ends.map((line) => line["status"]),
      ["cancelled", "cancelled"],
    );
  });
});

describe("the report's last line", () => {
  const lastLine = (cost?: Totals["cost"]): string => {
    const totals = { usage: null, ...(cost === undefined ? {} : { cost }) };
    return (
      reportMarkdown({ prompt: "x", models: ["a/b"], items: [], totals })
        .trimEnd()
        .split("\n")
        .at(-1) ?? ""
    );
  };
  const table: readonly (readonly [string, number | undefined, string])[] = [
    ["says nothing of a cost that nobody knows", undefined, ""],
    ["tells what is free", 0, "; at no cost"],
    ["does not call free what costs little", 0.00004, "; less than $0.0001"],
    ["gives dollars", 1.23456, "; $1.2346"],
  ];
  it("says which of the tokens were cached, and that a cost was reckoned by published prices", () => {
    const totals: Totals = {
      usage: { inputTokens: 900, outputTokens: 20, cachedTokens: 800 },
      cost: { amount: 0.5, currency: "USD", source: "bundled" },
    };
    const lines = reportMarkdown({ prompt: "x", models: ["a/b"], items: [], totals })
      .trimEnd()
      .split("\n");
    assert.equal(lines.at(-1), "0 of 0 complete; by a/b; 900 tokens in (800 of them cached), 20 out; $0.5000, by published prices");
  });

  for (const [title, amount, words] of table) {
    it(title, () => {
      const line = lastLine(amount === undefined ? undefined : { amount, currency: "USD" });
      assert.equal(line, `0 of 0 complete; by a/b${words}`);
    });
  }

  it("stops when its budget is used up, says what was not sent, and ends with 1", async () => {
    fake.respond({ text: "fine" });
    const { status, stdout, stderr } = await gather("--concurrency", "1", "--budget-requests", "2", "a.ts", "b.ts", "c.md", "d.ts", "e.ts");
    assert.equal(status, 1);
    assert.equal(stdout, "## a.ts\n\nfine\n\n## b.ts\n\nfine\n\n");
    assert.match(stderr, /^parley: c\.md and 2 more: The budget of this run is used up\./u);
    assert.equal(fake.requests.length, 2);
    fake.reset();
    fake.respond({ steps: [{ text: "fine" }, { usage: { inputTokens: 300, outputTokens: 300 } }, { finish: "stop" }] });
    const json = await gather("--json", "--concurrency", "1", "--budget-tokens", "1000", "a.ts", "b.ts", "c.md", "d.ts");
    const lines = jsonLines(json.stdout);
    const end = lines.at(-1);
    assert.deepEqual([end?.["type"], end?.["complete"], end?.["failed"], end?.["cancelled"]], ["run-end", 2, 2, 0]);
    const ends = lines.filter(({ type }) => type === "end").map((line) => `${String(line["item"])} ${String(line["status"])}`);
    assert.deepEqual(new Set(ends), new Set(["a.ts complete", "b.ts complete", "c.md error", "d.ts error"]));
  });

  it("refuses a budget in money where nobody knows what a model costs, before anything is sent", async () => {
    const { status, stderr } = await gather("--budget-usd", "0.5", "a.ts");
    assert.equal(status, 2);
    assert.match(stderr, /nobody knows what openai-compatible\/m costs\. Give --budget-tokens/u);
    assert.deepEqual(routes(), ["models"]);
  });

  it("says why the list of prices could not be had, where a budget in money needs it", async () => {
    fake.enqueue({ route: "models", status: 401, body: { error: { message: "no such key" } } });
    const { status, stdout, stderr } = await gather("--budget-usd", "0.5", "a.ts");
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^parley: .*key[^]*what openai-compatible\/m costs could not be had\. .*no such key/u);
    assert.doesNotMatch(stderr, /\.ts:\d|at async/u);
    assert.deepEqual(routes(), ["models"]);
  });

  for (const [provider, variables, authorization] of [
    ["openrouter", { OPENROUTER_API_KEY: "of-openrouter" }, "Bearer of-openrouter"],
    ["openai-compatible", {}, undefined],
  ] as const) {
    it(`takes the price for a budget from the list at the address that was named, of ${provider}`, async () => {
      const pricing = { prompt: "0.000001", completion: "0.000004" };
      fake.enqueue({ route: "models", body: { data: [{ id: "m", pricing }] } });
      const args = ["--model", `${provider}/m`, "--base-url", `${fake.origin}/v1`, "--budget-usd", "1", "--prompt", "x", "a.ts"];
      const { status, stderr } = await parley(["gather", ...args], { env: variables, cwd: folder });
      assert.deepEqual([status, stderr], [0, ""]);
      assert.deepEqual(routes(), ["models", "openai-chat"]);
      assert.ok(fake.requests.every(({ headers }) => headers["authorization"] === authorization));
    });
  }
});
