import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { inClone } from "../rig/places.ts";

function start(...args: readonly string[]): { readonly status: number | null; readonly stderr: string } {
  // No display: a desktop editor on this machine must not open here.
  const env = { ...process.env, DISPLAY: "", WAYLAND_DISPLAY: "" };
  return spawnSync(process.execPath, [inClone("test/rig/start.ts"), ...args], { encoding: "utf8", env, timeout: 60_000 });
}

test("npm start answers a wrong option with what is wrong, the usage and status 2", () => {
  const cases: ReadonlyArray<readonly [readonly string[], RegExp]> = [
    [["--webb"], /^Unknown option '--webb'/],
    [["folder"], /^Unexpected argument 'folder'/],
    [["--web", "--desktop"], /^--web and --desktop exclude each other\./],
    [["--desktop", "--port", "8000"], /^--port is for the web build\./],
    [["--port", "0"], /^--port 0 is not a port \(1 to 65535\)\./],
    [["--port", "eighty"], /^--port eighty is not a port/],
    [["--port"], /^Option '--port <value>' argument missing/],
  ];
  for (const [args, expected] of cases) {
    const { status, stderr } = start(...args);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, expected);
    assert.match(stderr, /Usage: npm start -- \[--web \| --desktop\]/);
  }
});

test("a port that was asked for and is taken is an error before anything is built", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const address = holder.address();
  assert.ok(address !== null && typeof address === "object");
  const { status, stderr } = start("--port", String(address.port), "--no-open");
  holder.close();
  assert.equal(status, 1);
  assert.equal(stderr.trim(), `parley: Port ${address.port} is taken. Choose another: npm start -- --port N`);
});

test("--desktop says why no desktop editor fits", { skip: process.platform === "linux" ? false : "one may well fit" }, () => {
  const { status, stderr } = start("--desktop");
  assert.equal(status, 1);
  assert.match(
    stderr.trim(),
    /^parley: No desktop VS Code fits: there is no display\. Install VS Code 1\.\d+\.0 or newer, or use npm start -- --web\.$/,
  );
});
