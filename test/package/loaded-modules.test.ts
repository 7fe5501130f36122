// What is loaded with what is built: of undici its parts, and no HTTP/2, which nothing here speaks.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { inClone } from "../rig/places.ts";

const run = promisify(execFile);

describe("what is built", () => {
  for (const name of ["library.js", "cli-main.mjs", "sidecar.mjs"]) {
    it(`holds the parts of undici that are used, and not its index: ${name}`, async () => {
      const meta = await readFile(inClone(`dist/meta/dist-${name}.json`), "utf8");
      assert.match(meta, /node_modules\/undici\/lib\/dispatcher\/pool\.js/u);
      assert.doesNotMatch(meta, /node_modules\/undici\/index\.js/u);
    });
  }

  it("loads no HTTP/2 with the library", async () => {
    const program = `await import(${JSON.stringify(pathToFileURL(inClone("dist/library.js")).href)}); console.log(process.moduleLoadList.join("\\n"));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program]);
    const loaded = stdout.split("\n");
    assert.ok(loaded.includes("NativeModule net"), "undici was loaded");
    assert.deepEqual(
      loaded.filter((line) => /^NativeModule (?:http2|internal\/http2)/u.test(line)),
      [],
    );
  });
});
