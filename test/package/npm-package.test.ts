// The package as a stranger gets it: packed in a clean checkout, installed from its file into an empty folder without a network,
// compiled against in strict mode, run, and run as a command.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { FakeProvider } from "../support/fake-provider.ts";
import { ensureLocalRuntime } from "../rig/install.ts";
import { jsonLines } from "../support/json-lines.ts";
import { linkInstalled, makeCleanCheckout } from "./clean-checkout.ts";

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const inRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
/** Installed, without the demo model: what a program that wants the API has on its disk. */
const MOST_BYTES = 6 * 1024 * 1024;

let fake: FakeProvider;
let checkout: string;
let folder: string;

before(async () => {
  await ensureLocalRuntime();
  fake = await FakeProvider.start();
  checkout = await mkdtemp(join(tmpdir(), "parley-checkout-"));
  folder = await mkdtemp(join(tmpdir(), "parley-package-"));
  makeCleanCheckout(checkout);
  linkInstalled(checkout);
  assert.equal(existsSync(join(checkout, "dist")), false, "Nothing may be built before it is packed.");
  const packed = await npm(["pack", "--pack-destination", folder], checkout);
  assert.equal(packed.status, 0, packed.stderr);
  const file = packed.stdout.trim().split("\n").at(-1) ?? "";
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "stranger", private: true, type: "module" }));
  const installed = await npm(["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", `./${file}`], folder);
  assert.equal(installed.status, 0, installed.stderr);
  // What a TypeScript project brings itself.
  await mkdir(join(folder, "node_modules/@types"), { recursive: true });
  for (const name of ["@types/node", "undici-types"])
    await symlink(inRoot(`node_modules/${name}`), join(folder, "node_modules", name), "junction");
  await compileExamples();
});
afterEach(() => fake.reset());
after(async () => {
  await fake.close();
  await rm(folder, { recursive: true });
  await rm(checkout, { recursive: true });
});

/** Resolves with whatever the end was; a program that hangs is killed and fails. */
function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const options = { cwd, timeout: 300_000, env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env }, shell: false };
  execFile(command, [...args], options, (error, stdout, stderr) => {
    if (error !== null && typeof error.code !== "number") reject(error);
    else resolve({ status: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
  });
  return promise;
}

function npm(args: readonly string[], cwd: string, env?: NodeJS.ProcessEnv): Promise<Ended> {
  return run(process.platform === "win32" ? "npm.cmd" : "npm", args, cwd, env);
}

/** The project's examples with nothing changed but the model and the address, compiled in strict mode. */
async function compileExamples(): Promise<void> {
  const places = {
    "single-request": fake.baseUrl("openai-chat"),
    "many-at-once": fake.baseUrl("ollama"),
    stream: fake.baseUrl("anthropic"),
    session: fake.baseUrl("openai-chat"),
  };
  for (const [name, baseUrl] of Object.entries(places)) {
    const source = await readFile(inRoot(`examples/${name}.ts`), "utf8");
    const asked = /createLlm\("(.+?)", \{ model: ".+?" \}\)/u;
    assert.match(source, asked);
    const changed = source.replace(asked, `createLlm("$1", { model: "fake-model", baseUrl: "${baseUrl}" })`);
    await writeFile(join(folder, `${name}.ts`), changed);
  }
  const compiled = await compile(Object.keys(places).map((name) => `${name}.ts`));
  assert.deepEqual([compiled.status, compiled.stdout], [0, ""]);
}

function compile(files: readonly string[]): Promise<Ended> {
  const options = ["--strict", "--target", "es2022", "--module", "nodenext", "--types", "node", "--noUncheckedIndexedAccess"];
  return run(process.execPath, [inRoot("node_modules/typescript/bin/tsc"), ...options, ...files], folder);
}

async function bytesBelow(path: string): Promise<number> {
  const info = await stat(path);
  if (!info.isDirectory()) return info.size;
  const sizes = await Promise.all((await readdir(path)).map((name) => bytesBelow(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe("npm pack in a clean checkout", () => {
  it("builds what it packs, and packs all that is to be in it, without sources and maps", async () => {
    const manifest: { files: readonly string[] } = JSON.parse(await readFile(inRoot("package.json"), "utf8"));
    const root = join(folder, "node_modules/parley");
    for (const path of manifest.files) assert.ok(existsSync(join(root, path)), `${path} is missing.`);
    const packed = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const strangers = packed.map(({ name }) => name).filter((name) => /\.map$|\.tsx?$/u.test(name) && !name.endsWith(".d.ts"));
    assert.deepEqual(strangers, []);
  });

  it("says what to do where the packages that build it cannot be installed, and writes no package", async () => {
    const bare = join(checkout, "bare");
    await mkdir(bare);
    makeCleanCheckout(bare);
    const nothingThere = { npm_config_offline: "true", npm_config_cache: join(bare, "empty-cache") };
    const { status, stderr } = await npm(["pack", "--pack-destination", bare], bare, nothingThere);
    assert.notEqual(status, 0);
    assert.match(stderr, /parley: npm failed \(status \d+, its own words are above\)\. Check the network/u);
    assert.deepEqual(
      (await readdir(bare)).filter((name) => name.endsWith(".tgz")),
      [],
    );
  });
});

describe("the package, installed in an empty folder,", () => {
  it("brings no other package along, and no more than a few megabytes", async () => {
    const installed = (await readdir(join(folder, "node_modules"))).filter((name) => !name.startsWith(".") && !name.startsWith("@types"));
    assert.deepEqual(installed.toSorted(), ["parley", "undici-types"]);
    const all = await bytesBelow(join(folder, "node_modules/parley"));
    const models = join(folder, "node_modules/parley/dist/models");
    const demo = existsSync(models) ? await bytesBelow(models) : 0;
    assert.ok(all - demo < MOST_BYTES, `${all - demo} bytes`);
  });

  it("runs the program of a single request", async () => {
    fake.enqueue({ text: "Python is a language." });
    const { status, stdout, stderr } = await run(process.execPath, ["single-request.js"], folder);
    assert.deepEqual([status, stdout, stderr], [0, "Python is a language.\n", ""]);
  });

  it("runs the program of many requests at once", async () => {
    fake.respond(({ bodyText }) => ({ text: `  About ${/Summarize (\w+)/u.exec(bodyText)?.[1]}. ` }));
    const { status, stdout, stderr } = await run(process.execPath, ["many-at-once.js"], folder);
    assert.deepEqual([status, stdout, stderr], [0, "- About Python.\n- About JavaScript.\n- About Rust.\n", ""]);
    assert.deepEqual(
      fake.requests.map(({ route }) => route),
      ["ollama", "ollama", "ollama"],
    );
  });

  it("runs the program of a stream, which prints the answer and nothing else", async () => {
    fake.enqueue({ steps: [{ reasoning: "five, seven, five" }, { text: "Tabs " }, { text: "or spaces?" }, { finish: "stop" }] });
    const { status, stdout, stderr } = await run(process.execPath, ["stream.js"], folder);
    assert.deepEqual([status, stdout, stderr], [0, "Tabs or spaces?", ""]);
    assert.equal(fake.requests[0]?.route, "anthropic");
  });

  it("runs the program of a session, which keeps its history", async () => {
    // It knows the name only if the first turn is in the second request.
    fake.respond(({ bodyText }) => {
      const name = /My name is (\w+)/u.exec(bodyText)?.[1];
      return { text: bodyText.includes("What is my name?") ? `You are ${name}.` : "Nice to meet you." };
    });
    const { status, stdout, stderr } = await run(process.execPath, ["session.js"], folder);
    assert.deepEqual([status, stdout, stderr], [0, "You are Alice.\n", ""]);
    const messages = fake.requests[1]?.body?.["messages"];
    assert.deepEqual(messages, [
      { role: "system", content: "You are a helpful assistant." },
      { role: "user", content: "My name is Alice." },
      { role: "assistant", content: "Nice to meet you." },
      { role: "user", content: "What is my name?" },
    ]);
  });

  it("checks answers against a schema, and where its file for that was left behind does not blame the schema", async () => {
    fake.respond({ text: 'Here: {"a":1}' });
    const source = `
      import { AnswerError, createLlm } from "parley";
      const llm = createLlm("openai", { model: "fake-model", baseUrl: ${JSON.stringify(fake.baseUrl("openai-chat"))}, apiKey: "x" });
      const asked = llm.generate("hi", { responseSchema: { type: "object", required: ["a"] } });
      const told = await asked.catch((error: unknown) => error);
      if (told instanceof AnswerError) console.log(told.info.providerCode, told.message);
      else console.log((await asked).content);
    `;
    await writeFile(join(folder, "checked.ts"), source);
    const compiled = await compile(["checked.ts"]);
    assert.deepEqual([compiled.status, compiled.stdout], [0, ""]);
    const { status, stdout, stderr } = await run(process.execPath, ["checked.js"], folder);
    assert.deepEqual([status, stdout, stderr], [0, '{"a":1}\n', ""]);
    const file = join(folder, "node_modules/parley/dist/schema-worker.mjs");
    await rename(file, `${file}.away`);
    try {
      const without = await run(process.execPath, ["checked.js"], folder);
      assert.deepEqual([without.status, without.stderr, fake.requests.length], [0, "", 1]);
      assert.match(without.stdout, /^internal .*the thread .* cannot be started: Cannot find module .*schema-worker\.mjs/u);
    } finally {
      await rename(`${file}.away`, file);
    }
  });

  it("keeps a conversation in a folder, with which another program goes on, and which files carry", async () => {
    fake.respond(({ bodyText }) => ({ text: `${bodyText.match(/My name is Alice/gu)?.length ?? 0} times.` }));
    const source = `
      import { createLlm, exportConversation, Failure, importConversation, openStore, Session, type SessionStore } from "parley";
      const llm = createLlm("openai", { model: "fake-model", baseUrl: process.env.FAKE_BASE_URL ?? "", apiKey: "x" });
      const store: SessionStore = await openStore("kept");
      const [, , id] = process.argv;
      const session = id === undefined ? new Session(llm, { store, systemPrompt: "Be brief." }) : await Session.open(llm, id, store);
      const { content } = await session.generate(id === undefined ? "My name is Alice." : "How often did I say it?");
      let markdown = "";
      for await (const piece of exportConversation(store, session.id, "markdown")) markdown += piece;
      const { session: copy, messages } = await importConversation(store, markdown);
      const refused = await importConversation(store, "no conversation").catch((error: unknown) => error);
      console.log(JSON.stringify({
        id: session.id, content, messages, isNew: copy.id !== session.id, code: refused instanceof Failure ? refused.code : null,
        kept: (await store.listSessions(10)).length,
      }));
      await store.close();
    `;
    await writeFile(join(folder, "kept.ts"), source);
    const compiled = await compile(["kept.ts"]);
    assert.deepEqual([compiled.status, compiled.stdout], [0, ""]);
    const env = { FAKE_BASE_URL: fake.baseUrl("openai-chat") };
    const first = await run(process.execPath, ["kept.js"], folder, env);
    assert.deepEqual([first.status, first.stderr], [0, ""]);
    const { id, ...told } = JSON.parse(first.stdout);
    assert.deepEqual(told, { content: "1 times.", messages: 2, isNew: true, code: "invalid-archive", kept: 2 });
    const second = await run(process.execPath, ["kept.js", id], folder, env);
    assert.deepEqual([second.status, second.stderr], [0, ""]);
    assert.deepEqual(JSON.parse(second.stdout), { ...told, id, messages: 4, kept: 3 });
    assert.equal((await stat(join(folder, "kept"))).isDirectory(), true);
  });

  it("types what it gives: a program that takes a text for a number does not compile", async () => {
    const program = `
      import { AnswerError, createLlm, gather, ProviderError, type StreamEvent } from "parley";
      const llm = createLlm("openai", { model: "m", temperature: 0.5 });
      try {
        const wrong: number = (await llm.generate("x")).content;
        const [first] = await gather([() => llm.generate("x")]);
        const tokens: number | undefined = first?.value?.usage?.inputTokens;
        for await (const { event } of llm.stream("x")) {
          const known: StreamEvent["type"] = event.type;
          if (event.type === "end") console.log(event.status, known, tokens, wrong);
        }
      } catch (error) {
        if (error instanceof AnswerError) console.log(error.partial.content, error instanceof ProviderError);
      }
    `;
    await writeFile(join(folder, "wrong.ts"), program);
    const { status, stdout } = await compile(["--noEmit", "wrong.ts"]);
    assert.notEqual(status, 0);
    assert.equal(stdout.trim().split("\n").length, 1, stdout);
    assert.match(stdout, /^wrong\.ts\(5,15\): error TS2322: Type 'string' is not assignable to type 'number'/u);
  });

  it("lets a program end that only imports it, and one that was given up in the middle", async () => {
    await writeFile(
      join(folder, "idle.js"),
      'import { createLlm } from "parley"; createLlm("local", { model: "demo" }); console.log("made");',
    );
    assert.equal((await run(process.execPath, ["idle.js"], folder)).stdout, "made\n");
    fake.enqueue({ steps: [{ text: "first" }, { gate: "never" }] });
    const program = `import { createLlm } from "parley";
      const llm = createLlm("vllm", { model: "m", baseUrl: ${JSON.stringify(fake.origin)} });
      for await (const { content } of llm.stream("x")) if (content !== "") { console.log(content); break; }`;
    await writeFile(join(folder, "break.js"), program);
    const { status, stdout } = await run(process.execPath, ["break.js"], folder);
    assert.deepEqual([status, stdout], [0, "first\n"]);
    await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the provider to see the socket closed");
  });

  it("says in a short error which Node it needs where the running one is too old", async () => {
    await writeFile(join(folder, "old.js"), 'import "parley";');
    const pretend = 'Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.20.2"}})';
    const { status, stderr } = await run(process.execPath, ["--import", `data:text/javascript,${pretend}`, "old.js"], folder);
    assert.notEqual(status, 0);
    assert.match(stderr, /Error: This is Node 20\.20\.2; parley needs Node 22\.19\.0 or newer \(nodejs\.org\)\./u);
    assert.ok(stderr.length < 2000, "no code in the error");
  });

  it("says which providers there are when a program names another", async () => {
    await writeFile(join(folder, "unknown.js"), 'import { createLlm } from "parley"; createLlm("openay", { model: "m" });');
    const { status, stderr } = await run(process.execPath, ["unknown.js"], folder);
    assert.notEqual(status, 0);
    assert.match(stderr, /ProviderError: There is no provider "openay"\. The providers are openai, anthropic, ollama/u);
  });

  it("is a command too", async () => {
    fake.enqueue({ text: "by npx" });
    const env = { OPENAI_COMPATIBLE_BASE_URL: fake.baseUrl("openai-chat") };
    const npx = process.platform === "win32" ? "npx.cmd" : "npx";
    const answer = await run(npx, ["--no-install", "parley", "ask", "--model", "openai-compatible/m", "--json", "hello"], folder, env);
    assert.deepEqual([answer.status, jsonLines(answer.stdout).at(-1)?.["status"]], [0, "complete"], answer.stderr);
    const wrong = await run(npx, ["--no-install", "parley", "ask"], folder);
    assert.equal(wrong.status, 2);
  });

  it("says what to install when a local model is asked for, since it does not bring llama.cpp along", async () => {
    const { status, stdout, stderr } = await run(
      process.execPath,
      [join(folder, "node_modules/parley/dist/cli.js"), "ask", "--model", "local/echo", "x"],
      folder,
    );
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /npm install node-llama-cpp/u);
  });
});
