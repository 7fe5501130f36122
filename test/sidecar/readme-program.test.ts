import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { openStore } from "../../sidecar/sessions/open-store.ts";
import { startFake } from "../support/fake-at-hand.ts";

const fake = await startFake();
const library = new URL("../../sidecar/library.ts", import.meta.url).href;

/** What README shows in TypeScript, with the sources in the place of the package. */
function programs(): readonly string[] {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  return [...readme.matchAll(/^```ts\n(.*?)^```$/gmsu)].map(([, source = ""]) => source.replaceAll('from "parley"', `from "${library}"`));
}

/** What it prints, in a folder of its own. */
async function printed(program: string, cwd: string): Promise<string> {
  assert.ok(program.includes(library));
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module-typescript", "--eval", program], {
    cwd,
    env: { ...process.env, ANTHROPIC_BASE_URL: fake.baseUrl("anthropic"), ANTHROPIC_API_KEY: "k" },
  });
  return stdout;
}

test("fault 31: the program that README shows runs as it stands, with all that it names", async () => {
  const [program = ""] = programs();
  fake.enqueue({ text: "Lines of light" });
  assert.equal(await printed(program, tmpdir()), "Lines of light");
  assert.equal(fake.requests[0]?.body?.["model"], "claude-haiku-4-5");
});

test("the program of a conversation that README shows runs as it stands, and keeps it", async () => {
  const [, program = "", ...others] = programs();
  assert.equal(others.length, 0);
  const folder = await mkdtemp(join(tmpdir(), "parley-readme-"));
  fake.enqueue({ text: "Hello." }, { text: "Alice." });
  assert.equal(await printed(program, folder), "Alice.\n");
  const store = await openStore(join(folder, "conversations"));
  const [session] = await store.listSessions(10);
  assert.equal((await store.getPath(session?.leaf ?? "")).length, 4);
  await store.close();
  await rm(folder, { recursive: true });
});
