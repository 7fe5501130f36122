import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import { startFake } from "../support/fake-at-hand.ts";

const fake = await startFake();
const library = new URL("../../sidecar/library.ts", import.meta.url).href;

/** What README shows in TypeScript, with the sources in the place of the package. */
function programs(): readonly string[] {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  return [...readme.matchAll(/^```ts\n(.*?)^```$/gmsu)].map(([, source = ""]) => source.replaceAll('from "parley"', `from "${library}"`));
}

test("fault 31: the program that README shows runs as it stands, with all that it names", async () => {
  const [program = "", ...others] = programs();
  assert.equal(others.length, 0);
  assert.ok(program.includes(library));
  fake.enqueue({ text: "Lines of light" });
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module-typescript", "--eval", program], {
    env: { ...process.env, ANTHROPIC_BASE_URL: fake.baseUrl("anthropic"), ANTHROPIC_API_KEY: "k" },
  });
  assert.equal(stdout, "Lines of light");
  assert.equal(fake.requests[0]?.body?.["model"], "claude-haiku-4-5");
});
