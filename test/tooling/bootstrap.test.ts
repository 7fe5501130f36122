import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fits, installLocked, SetupError } from "../../bootstrap.mjs";
import { inClone } from "../rig/places.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-bootstrap-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("a Node fits from 24.15 on, without the two that have a regression in streams and the odd releases", () => {
  const verdicts = ["20.20.2", "22.23.0", "24.14.1", "24.15.0", "24.16.0", "24.17.2", "24.18.0", "24.21.0", "25.9.0", "26.1.0"].map(
    (version) => fits(version),
  );
  assert.deepEqual(verdicts, [false, false, false, true, false, false, true, true, false, true]);
});

test("the Node that is brought along fits, on every platform that has one", () => {
  const { optionalDependencies }: { readonly optionalDependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(inClone("test/rig/node/package.json"), "utf8"),
  );
  assert.ok(Object.keys(optionalDependencies).length > 0);
  assert.deepEqual(
    Object.entries(optionalDependencies).filter(([, version]) => !fits(version)),
    [],
  );
});

test("an unknown task is answered with the usage and status 2, before anything is installed", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [inClone("bootstrap.mjs"), "fly"], { encoding: "utf8" });
  assert.deepEqual({ status, stdout }, { status: 2, stdout: "" });
  assert.match(stderr, /^Usage: node bootstrap\.mjs start\|test\|build\|package(?:\|[a-z]+)* \[options\]$/m);
});

describe("an install from a lock file", () => {
  const project = join(folder, "project");
  const record = join(project, "node_modules/.package-lock.json");
  const lines: string[] = [];
  const install = (): Promise<boolean> => installLocked(project, "the thing", (line) => lines.push(line));

  before(() => {
    // A package in a folder needs no network.
    mkdirSync(join(project, "thing"), { recursive: true });
    writeFileSync(join(project, "thing/package.json"), '{"name":"thing","version":"1.0.0"}');
    writeFileSync(join(project, "package.json"), '{"name":"project","version":"1.0.0","dependencies":{"thing":"file:thing"}}');
    const packages = {
      "": { name: "project", version: "1.0.0", dependencies: { thing: "file:thing" } },
      "node_modules/thing": { resolved: "thing", link: true },
      thing: { version: "1.0.0" },
    };
    writeFileSync(
      join(project, "package-lock.json"),
      JSON.stringify({ name: "project", version: "1.0.0", lockfileVersion: 3, requires: true, packages }),
    );
  });

  test("it is done once, says so, and is not repeated", async () => {
    assert.equal(await install(), true);
    assert.ok(existsSync(join(project, "node_modules/thing/package.json")));
    assert.match(lines.join("\n"), /^Installing the thing …\n {2}done in \d+ s$/);
    assert.equal(await install(), false);
  });
  test("one that was interrupted is done again", async () => {
    rmSync(record);
    assert.equal(await install(), true);
    assert.ok(existsSync(record));
  });
  test("a changed lock file is installed again", async () => {
    const changed = readFileSync(join(project, "package-lock.json"), "utf8").replace(
      '"thing":{"version":"1.0.0"}',
      '"thing":{"version":"1.0.1"}',
    );
    writeFileSync(join(project, "thing/package.json"), '{"name":"thing","version":"1.0.1"}');
    writeFileSync(join(project, "package-lock.json"), changed);
    assert.equal(await install(), true);
  });
  test("a failure says what to do", async () => {
    writeFileSync(join(project, "package-lock.json"), '{"lockfileVersion":3,"packages":{"":{},"node_modules/gone":{"version":"1.0.0"}}}');
    await assert.rejects(
      install(),
      (error) => error instanceof SetupError && /npm failed \(status \d+.*run the command again/.test(error.message),
    );
  });
});

describe("the launcher of the command line", () => {
  // Away from the clone, where no Node is brought along.
  const launcher = join(folder, "dist/cli.js");
  const pretend = (version: string): string[] => [
    "--import",
    `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"${version}"}})`,
  ];
  const run = (version: string): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [...pretend(version), launcher, "models"], { encoding: "utf8" });

  /** Writes a command line that prints its first argument and then does `last`. */
  const endsWith = (last: string): void =>
    writeFileSync(join(folder, "dist/cli-main.mjs"), `console.log("main with " + process.argv[2]); ${last}`);

  before(() => {
    mkdirSync(join(folder, "dist"));
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    copyFileSync(inClone("dist/cli.js"), launcher);
    endsWith("process.exitCode = 0;");
  });

  test("it goes on where the Node is new enough", () => {
    const { status, stdout } = run("22.19.0");
    assert.deepEqual([status, stdout], [0, "main with models\n"]);
  });
  test("a command that ends without saying how has failed", () => {
    endsWith("");
    const { status, stdout, stderr } = run("22.19.0");
    assert.deepEqual([status, stdout], [1, "main with models\n"]);
    assert.match(String(stderr), /^parley: this command ended before it was done\. .+\n$/);
  });
  test("so has one that waits for what can never come", () => {
    endsWith("await new Promise(() => {}); process.exitCode = 0;");
    const { status, stderr } = run("22.19.0");
    assert.equal(status, 1);
    assert.match(String(stderr), /^parley: this command ended before it was done\. .+\n$/);
  });
  test("a status that a command gives stays, without a word more", () => {
    endsWith("process.exitCode = 2;");
    const { status, stderr } = run("22.19.0");
    assert.deepEqual([status, stderr], [2, ""]);
  });
  test("it says in one line which Node it needs where the running one is too old", () => {
    const { status, stdout, stderr } = run("22.18.0");
    assert.deepEqual([status, stdout], [1, ""]);
    assert.equal(stderr, "parley: This is Node 22.18.0; parley needs Node 22.19.0 or newer (nodejs.org).\n");
  });
  test(
    "in a clone it goes on by the Node that was brought along",
    { skip: process.platform === "win32" ? "a link to a program" : false },
    () => {
      const bin = join(folder, `test/rig/node/node_modules/node-${process.platform}-${process.arch}/bin`);
      mkdirSync(bin, { recursive: true });
      writeFileSync(join(bin, "node"), `#!/bin/sh\nexec "${process.execPath}" "$@"\n`, { mode: 0o755 });
      endsWith("process.exitCode = 7;");
      const { status, stdout } = run("20.20.2");
      assert.deepEqual([status, stdout], [7, "main with models\n"]);
      endsWith('process.kill(process.pid, "SIGTERM"); await new Promise((resolve) => setTimeout(resolve, 60_000));');
      const stopped = run("20.20.2");
      assert.deepEqual([stopped.status, stopped.stderr], [143, "parley: stopped by SIGTERM before it was done.\n"]);
    },
  );
});
