import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { SetupError } from "../../bootstrap.mjs";
import { ensureChromium, findChromium } from "../rig/chromium.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-chromium-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, "#!/bin/sh\n", { mode: 0o755 });
  return path;
}

test("CHROMIUM_PATH wins over the PATH", () => {
  const chosen = program("my-browser");
  program("chromium");
  assert.equal(findChromium({ CHROMIUM_PATH: chosen, PATH: folder }), chosen);
});
test("a CHROMIUM_PATH that names no program is an error, not passed over", () => {
  assert.throws(() => findChromium({ CHROMIUM_PATH: join(folder, "gone"), PATH: folder }), SetupError);
});
test("a browser is found on the PATH, a folder of that name is none", () => {
  const first = join(folder, "first");
  mkdirSync(join(first, "chromium"), { recursive: true });
  const chromium = program("chromium");
  assert.equal(findChromium({ PATH: [first, folder].join(process.platform === "win32" ? ";" : ":") }), chromium);
});
test(
  "without browser and package manager the error says what to install",
  { skip: process.platform === "linux" ? false : "browsers lie in fixed places" },
  async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    await assert.rejects(
      ensureChromium({ PATH: empty }),
      (error) => error instanceof SetupError && /Install Chromium, Chrome or Edge \(or set CHROMIUM_PATH/.test(error.message),
    );
  },
);
