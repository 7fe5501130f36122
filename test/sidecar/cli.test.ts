import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, afterEach, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { runParley } from "../../sidecar/cli/run.ts";
import { Terminal, type TerminalHost } from "../../sidecar/cli/terminal.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { jsonLines } from "../support/json-lines.ts";
import { parley, ParleyProcess, type ParleyOptions } from "../support/parley-process.ts";

let fake: FakeProvider;
before(async () => {
  fake = await FakeProvider.start();
});
afterEach(() => fake.reset());
after(() => fake.close());

const onWindows = process.platform === "win32";
const model = ["--model", "openai-compatible/fake-model"];
const env = (): { readonly [name: string]: string } => ({ OPENAI_COMPATIBLE_BASE_URL: fake.baseUrl("openai-chat") });
const ask = (args: readonly string[], options: ParleyOptions = {}): ReturnType<typeof parley> =>
  parley(["ask", ...model, ...args], { env: env(), ...options });

/** The text of the message that the provider was asked. */
function question(request = 0): string {
  const messages = fake.requests[request]?.body?.["messages"];
  const last = Array.isArray(messages) ? messages.at(-1) : undefined;
  return typeof last === "object" && last !== null && "content" in last && typeof last.content === "string" ? last.content : "";
}

/** For what needs no process of its own: wrong usage and help. */
async function inThisProcess(
  args: readonly string[],
): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const stdin = new PassThrough().end();
  const host: TerminalHost = { env: {}, stdin, stdout, stderr, on: () => undefined, exit: () => undefined };
  const status = await runParley(args, new Terminal(host));
  return { status, stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

const loading = { status: 503, body: { error: { code: 503, message: "Loading model", type: "unavailable_error" } } };

describe("parley ask", () => {
  it("prints the answer and nothing else, and ends by itself with 0", async () => {
    fake.enqueue({ text: "Forty-two, 四十二." });
    const { status, stdout, stderr } = await ask(["The question?"]);
    assert.deepEqual([status, stdout, stderr], [0, "Forty-two, 四十二.\n", ""]);
    assert.equal(question(), "The question?");
  });

  it("adds no line break to an answer that ends with one", async () => {
    fake.enqueue({ steps: [{ text: "line" }, { text: "\n" }, { finish: "stop" }] });
    assert.equal((await ask(["x"])).stdout, "line\n");
  });

  describe("with --schema", () => {
    const good = '{"city":"Zürich"}';
    const schema = JSON.stringify({ type: "object", properties: { city: { type: "string" } }, required: ["city"] });
    // The sources, since what checks schemas is a file beside the program.
    const program = fileURLToPath(new URL("../../sidecar/cli.ts", import.meta.url));
    let folder: string;
    let file: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "parley-schema-"));
      file = join(folder, "schema.json");
      await writeFile(file, schema);
    });
    after(() => rm(folder, { recursive: true }));

    it("prints the answer that satisfies it alone, and says of the others why they did not", async () => {
      fake.enqueue({ text: "Zürich, I think." }, { text: `\`\`\`json\n${good}\n\`\`\`` });
      const { status, stdout, stderr } = await ask(["--schema", file, "Which city?"], { program });
      assert.deepEqual([status, stdout], [0, `${good}\n`]);
      assert.match(stderr, /does not satisfy the schema \(it is no JSON\); asking again, 2 of 3/u);
      assert.match(JSON.stringify(fake.requests[0]?.body?.["response_format"]), /"city"/u);
    });

    it("prints with --json every attempt", async () => {
      fake.enqueue({ text: "no" }, { text: good });
      const { stdout } = await ask(["--json", "--schema", file, "x"], { program });
      assert.deepEqual(
        jsonLines(stdout).flatMap((event) => (event["type"] === "attempt" ? [event["number"]] : [])),
        [1, 2],
      );
    });

    it("fails with 1 where nothing satisfies it, prints nothing of what came, and says which rule was broken", async () => {
      fake.respond({ text: '{"town":"Zürich"}' });
      const { status, stdout, stderr } = await ask(["--schema", file, "x"], { program });
      assert.deepEqual([status, stdout], [1, ""]);
      assert.match(stderr, /does not satisfy its schema/u);
      assert.match(stderr, /after 3 attempts: the value must have required property 'city'/u);
      const { stdout: events } = await ask(["--json", "--schema", file, "x"], { program });
      const last = jsonLines(events).slice(-2);
      assert.deepEqual([last[0]?.["type"], last[1]?.["type"]], ["discard", "end"]);
      assert.match(JSON.stringify(last[1]?.["error"]), /"rejectedText":"\{\\"town\\"/u);
    });

    it("refuses a file that holds none, before anything is sent", async () => {
      await writeFile(join(folder, "list.json"), "[]");
      const { status, stderr } = await ask(["--schema", join(folder, "list.json"), "x"], { program });
      assert.equal(status, 1);
      assert.match(stderr, /list\.json holds no JSON Schema/u);
      assert.equal(fake.requests.length, 0);
    });
  });

  it("says of text that turns out to have been thought that it was, and prints the answer on a line of its own", async () => {
    fake.enqueue({ steps: [{ text: "I add." }, { text: "</think>\n\n4" }, { finish: "stop" }] });
    const { stdout, stderr } = await ask(["2+2?"]);
    assert.equal(stdout, "I add.\n4\n");
    assert.match(stderr, /what stands above is what the model thought/u);
  });

  it("prints with --json each event as one line, the end last", async () => {
    fake.enqueue({ text: "Hello there" });
    const { status, stdout } = await ask(["--json", "x"]);
    const events = jsonLines(stdout);
    assert.equal(status, 0);
    assert.deepEqual(events[0], { type: "start", provider: "openai-compatible", model: "openai-compatible/fake-model", seq: 1 });
    assert.deepEqual(
      events.map(({ type }) => type),
      ["start", "status", "text-delta", "text-delta", "usage", "end"],
    );
    assert.deepEqual(
      events.map(({ seq }) => seq),
      [1, 2, 3, 4, 5, 6],
    );
    const last = events.at(-1);
    assert.deepEqual([last?.["status"], last?.["finishReason"], last?.["rawFinishReason"]], ["complete", "stop", "stop"]);
  });

  it("reads the prompt from the input, alone or after a prompt", async () => {
    await ask(["-"], { input: "from the input" });
    await ask(["Write a message for this.", "-"], { input: "diff --git\n" });
    assert.equal(question(0), "from the input");
    assert.equal(question(1), "Write a message for this.\n\ndiff --git\n");
  });

  it("attaches files, named as they were given", async () => {
    const folder = fileURLToPath(new URL("../support/", import.meta.url));
    const { status } = await ask(["--file", "fake-provider-models.ts", "--file", "./fake-provider-gates.ts", "Explain."], { cwd: folder });
    assert.equal(status, 0);
    const text = question();
    assert.ok(text.startsWith("Explain.\n\nFile: fake-provider-models.ts\n```ts\n//"));
    assert.ok(text.includes("\n\nFile: ./fake-provider-gates.ts\n```ts\n//"));
  });

  it("hands the options to the provider", async () => {
    await ask(["--system", "Be terse.", "--temperature", "0.25", "--max-output-tokens", "64", "x"]);
    const body = fake.requests[0]?.body;
    assert.equal(body?.["temperature"], 0.25);
    assert.equal(body["max_tokens"], 64);
    assert.deepEqual(body["messages"], [
      { role: "system", content: "Be terse." },
      { role: "user", content: "x" },
    ]);
  });

  it("takes the key from the environment and prints it nowhere", async () => {
    fake.enqueue({ status: 401, body: { error: { message: "The key canary-3141 is wrong", code: "invalid_api_key" } } });
    const { status, stdout, stderr } = await ask(["x"], { env: { ...env(), OPENAI_COMPATIBLE_API_KEY: "canary-3141" } });
    assert.equal(fake.requests[0]?.headers["authorization"], "Bearer canary-3141");
    assert.equal(status, 1);
    assert.match(stderr, /did not accept the key\./u);
    assert.match(stderr, /Set the environment variable OPENAI_COMPATIBLE_API_KEY to a valid key\./u);
    assert.ok(!(stdout + stderr).includes("canary-3141"));
  });

  it("asks the address of --base-url", async () => {
    const { status } = await parley(["ask", "--model", "vllm/m", "--base-url", `${fake.origin}/here/v1`, "x"]);
    assert.equal(status, 0);
    assert.equal(fake.requests[0]?.path, "/here/v1/chat/completions");
  });

  it("takes the first model that the server at --base-url offers when none is named", async () => {
    fake.models = ["text-embedding", "first", "second"];
    const { status, stderr } = await parley(["ask", "--base-url", fake.origin, "x"]);
    fake.models = ["fake-model"];
    assert.deepEqual([status, stderr], [0, "parley: using openai-compatible/first; --model names another.\n"]);
    assert.equal(fake.requests.at(-1)?.body?.["model"], "first");
  });

  it("waits for the server at --base-url while it loads its model", async () => {
    fake.enqueue({ route: "models", ...loading }, { route: "openai-chat", ...loading });
    const { status, stdout } = await parley(["ask", "--base-url", fake.origin, "x"]);
    assert.deepEqual([status, stdout], [0, "You said: x\n"]);
  });

  it("without a model waits for a server here that loads one, and says which others failed", async () => {
    for (let times = 0; times < 5; times += 1) fake.enqueue({ route: "models", ...loading });
    const locked = await FakeProvider.start({ key: "another" });
    const nobody = "http://127.0.0.1:9/v1";
    const addresses = { OLLAMA_BASE_URL: nobody, LMSTUDIO_BASE_URL: nobody, MLX_BASE_URL: nobody };
    const env = { ...addresses, VLLM_BASE_URL: locked.baseUrl("openai-chat"), LLAMA_SERVER_BASE_URL: fake.baseUrl("openai-chat") };
    const { status, stderr } = await parley(["ask", "x"], { env });
    await locked.close();
    assert.equal(status, 0);
    assert.match(stderr, /waiting for llama-server, which is loading its model; --model names another\.\n/u);
    assert.match(stderr, /vllm: [^]*Incorrect API key[^]*using llama-server\/fake-model; --model names another\.\n$/u);
  });

  it("names the address that was given, and not the provider's own, when nothing answers there", async () => {
    const where = ["--base-url", "http://127.0.0.1:9/v1"];
    const named = ["--model", "vllm/m", ...where];
    const file = fileURLToPath(import.meta.url);
    for (const args of [
      ["ask", ...named, "x"],
      ["gather", ...named, "--prompt", "x", file],
      ["models", "--provider", "vllm", ...where],
      ["models", ...where],
      ["ask", ...where, "x"],
    ]) {
      const { status, stderr } = await parley(args);
      assert.equal(status, 1, args.join(" "));
      assert.match(stderr, /Nothing answers for .+ at http:\/\/127\.0\.0\.1:9\/v1\.\n {2}Start it/u, args.join(" "));
    }
  });

  it("refuses an input that is no text, and one that is too long, in one line", async () => {
    const binary = new ParleyProcess(["ask", ...model, "-"], { env: env(), input: Buffer.from([0x68, 0xff, 0xfe, 0x00]) });
    const { status, stderr } = await binary.ended;
    assert.deepEqual([status, stderr], [1, "parley: The input holds no text (UTF-8, or UTF-16 with a byte order mark).\n"]);
    const long = await ask(["-"], { input: "x".repeat(32 * 1024 * 1024 + 1) });
    assert.deepEqual([long.status, long.stderr], [1, "parley: The input has more than 32 MB, and no more are read.\n"]);
    assert.equal(fake.requests.length, 0);
  });

  it("reads no more of a file without an end than of any other", { skip: onWindows ? "no such device" : false }, async () => {
    const { status, stderr } = await ask(["--file", "/dev/zero", "x"]);
    assert.equal(status, 1);
    assert.match(stderr, /^parley: \/dev\/zero cannot be read: it has more than 32 MB/u);
  });

  it("says on the error output when the answer was cut by length, and counts it as complete", async () => {
    fake.enqueue({ steps: [{ text: "and so o" }, { finish: "length" }] });
    const { status, stdout, stderr } = await ask(["x"]);
    assert.deepEqual([status, stdout], [0, "and so o\n"]);
    assert.match(stderr, /^parley: the answer was cut at its greatest length; --max-output-tokens/u);
  });

  it("says of an answer without text that it has none, and why it ended", async () => {
    fake.enqueue({ steps: [{ text: " \n" }, { finish: "stop" }] }, { steps: [{ reasoning: "Hm." }, { finish: "length" }] });
    const blank = await ask(["x"]);
    assert.deepEqual([blank.status, blank.stderr], [0, "parley: the model answered with no text (finish reason: stop).\n"]);
    const cut = await ask(["--json", "x"]);
    assert.equal(cut.status, 0);
    assert.match(cut.stderr, /^parley: the model answered with no text \(finish reason: length\): the answer was cut at [^\n]+\n$/u);
  });

  it("keeps what had come of an answer that was cut off, and ends with 1 and the reason", async () => {
    fake.enqueue({ steps: [{ text: "half an ans" }, { cut: "close" }] });
    const { status, stdout, stderr } = await ask(["x"]);
    assert.deepEqual([status, stdout], [1, "half an ans\n"]);
    assert.match(stderr, /^parley: .+\n/u);
  });

  it("ends with 1 and a reason for a file that cannot be read, which with --json is an event too", async () => {
    const { status, stdout, stderr } = await ask(["--json", "--file", "no-such-file.ts", "x"]);
    assert.equal(status, 1);
    assert.match(stderr, /^parley: no-such-file\.ts cannot be read: there is no such file\.\n/u);
    const last = jsonLines(stdout).at(-1);
    assert.deepEqual([last?.["type"], last?.["status"]], ["end", "error"]);
    assert.equal(fake.requests.length, 0);
    const binary = await ask(["--file", process.execPath, "x"]);
    assert.equal(binary.status, 1);
    assert.match(binary.stderr, /cannot be read: it has more than 32 MB/u);
  });
});

describe("parley, asked wrongly,", () => {
  const table: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["names its commands", [], /A command is missing: ask, gather, models, sessions, serve/u],
    ["knows no other command", ["aks"], /no command "aks"/u],
    ["knows none by what all objects have", ["constructor"], /no command "constructor"/u],
    ["wants a prompt", ["ask"], /What is to be asked\?/u],
    ["wants one prompt", ["ask", "two", "words"], /One PROMPT is expected, not 2/u],
    ["offers the option that was meant", ["ask", "--temprature", "1", "x"], /no option --temprature\. Did you mean --temperature\?/u],
    ["wants a value", ["ask", "--model"], /--model needs a value: --model PROVIDER\/MODEL/u],
    ["does not take an option for a value", ["ask", "--model", "--json", "x"], /"--json" looks like an option/u],
    ["checks numbers", ["ask", "--temperature", "hot", "x"], /--temperature needs a number from 0 to 2; it is "hot"/u],
    ["checks whole numbers", ["ask", "--max-output-tokens", "1.5", "x"], /--max-output-tokens needs a whole number, 1 or more/u],
    ["checks efforts", ["ask", "--reasoning", "extreme", "x"], /--reasoning takes off, low, medium, high/u],
    ["wants provider and model", ["ask", "--model", "gpt-5", "x"], /"gpt-5" names no provider/u],
    ["lists the providers", ["ask", "--model", "nobody/m", "x"], /no provider "nobody"\. The providers are openai, anthropic/u],
    ["knows an address from a word", ["ask", "--base-url", "notaurl", "x"], /"notaurl" .* must begin with http:\/\/ or https:\/\//u],
    [
      "wants no address of a model here",
      ["ask", "--model", "local/demo", "--base-url", "http://127.0.0.1:1", "x"],
      /"local" is no server/u,
    ],
    ["wants more than an empty prompt", ["ask", "--model", "local/echo", " \n"], /The PROMPT is empty/u],
    ["wants it beside files too", ["ask", "--model", "local/echo", "--file", "a.ts", ""], /The PROMPT is empty/u],
    ["wants more than an empty input", ["ask", "--model", "local/echo", "-"], /The input is empty/u],
    ["wants files", ["gather", "--prompt", "x"], /Name at least one FILE/u],
    ["wants a prompt for files", ["gather", "a.ts"], /Give --prompt/u],
    ["wants no empty one for them", ["gather", "--prompt", " ", "a.ts"], /Give --prompt/u],
    ["knows an address there", ["gather", "--base-url", "notaurl", "--prompt", "x", "a.ts"], /must begin with http:/u],
    ["writes no report over a folder", ["gather", "--prompt", "a", "--report", ".", "f"], /\. is a folder/u],
    ["refuses a second value", ["gather", "--prompt", "a", "--prompt", "b", "f"], /--prompt is given twice/u],
    [
      "looks for the report's folder first",
      ["gather", "--prompt", "a", "--report", "/no/such/folder/r.md", "f"],
      /report cannot be written/u,
    ],
    ["knows an address of models", ["models", "--base-url", "notaurl"], /"notaurl" .* must begin with http:/u],
    ["takes no words there", ["models", "openai"], /takes no "openai"; --provider/u],
  ];
  for (const [title, args, message] of table) {
    it(`${title}, and ends with 2: parley ${args.join(" ")}`, async () => {
      const { status, stdout, stderr } = await inThisProcess(args);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, message);
      assert.match(stderr, /"parley .*--help" says more/u);
    });
  }

  it("ends as a process with 2 too", async () => {
    assert.equal((await parley(["aks"])).status, 2);
  });

  it("explains itself when it is asked to", async () => {
    for (const args of [["--help"], ["help"]]) assert.match((await inThisProcess(args)).stdout, /Commands:\n {2}ask/u);
    for (const name of ["ask", "gather", "models", "serve"]) {
      const { status, stdout } = await inThisProcess([name, "--help"]);
      assert.equal(status, 0);
      assert.match(stdout, new RegExp(`Usage: parley ${name} \\[OPTION\\]`, "u"));
    }
    assert.match((await parley(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/u);
  });
});

describe("parley models", () => {
  it("lists the models that can be used now, with --json one object a line", async () => {
    fake.models = ["one", "two/three"];
    const plain = await parley(["models", "--provider", "openai-compatible"], { env: env() });
    assert.deepEqual([plain.status, plain.stdout], [0, "openai-compatible/one\nopenai-compatible/two/three\n"]);
    const json = await parley(["models", "--provider", "vllm", "--base-url", fake.origin, "--json"]);
    assert.deepEqual(
      jsonLines(json.stdout).map(({ ref, model }) => [ref, model]),
      [
        ["vllm/one", "one"],
        ["vllm/two/three", "two/three"],
      ],
    );
    fake.models = ["fake-model"];
  });

  it("takes an address without a provider for that of a compatible server", async () => {
    const { status, stdout } = await parley(["models", "--base-url", fake.origin]);
    assert.deepEqual([status, stdout], [0, "openai-compatible/fake-model\n"]);
  });

  it("says why a provider that was named gave none, and ends with 1", async () => {
    const missing = await parley(["models", "--provider", "openai"]);
    assert.deepEqual([missing.status, missing.stdout], [1, ""]);
    assert.match(missing.stderr, /OpenAI needs a key/u);
    const { status, stderr } = await parley(["models", "--provider", "ollama"], { env: { OLLAMA_HOST: "127.0.0.1:9" } });
    assert.equal(status, 1);
    assert.match(stderr, /Nothing answers for Ollama at http:\/\/127\.0\.0\.1:9\./u);
  });
});
