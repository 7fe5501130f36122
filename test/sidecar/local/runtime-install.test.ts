// How node-llama-cpp comes onto a machine, and how it is laid out for shipping. npm itself is stood in for by a function
// that puts files where `npm ci` would put them: what npm does with a lock file is npm's to test.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  backendFor,
  hostTarget,
  installLocalRuntime,
  type Lock,
  type Manifest,
  narrowLock,
} from "../../../sidecar/local/runtime/install.mjs";
import { layOutLocalRuntime } from "../../../sidecar/local/runtime/layout.ts";

const runtime = join(import.meta.dirname, "../../../sidecar/local/runtime");
const manifest: Manifest = JSON.parse(readFileSync(join(runtime, "package.json"), "utf8"));
const lock: Lock = JSON.parse(readFileSync(join(runtime, "package-lock.json"), "utf8"));
const linux = { platform: "linux", arch: "x64" };

function put(file: string, text = "content"): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Does what `npm ci` would: a folder with a package.json for each package of the lock file in `cwd`. */
function fakeNpm(_args: readonly string[], cwd: string): void {
  const { packages }: Lock = JSON.parse(readFileSync(join(cwd, "package-lock.json"), "utf8"));
  for (const path of Object.keys(packages)) if (path !== "") put(join(cwd, path, "package.json"), "{}");
}

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "parley-runtime-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe("the lock file of the local runtime", () => {
  test("holds version and integrity of every platform's backend, all of one version", () => {
    const targets = ["linux-x64", "linux-arm64", "linux-arm", "linux-riscv64", "darwin-arm64", "darwin-x64", "win32-x64", "win32-arm64"];
    for (const target of targets) {
      const [platform = "", arch = ""] = target.split("-");
      const { backend } = backendFor({ platform, arch });
      const entry = lock.packages[`node_modules/${backend}`];
      assert.equal(entry?.version, manifest.dependencies["node-llama-cpp"], target);
      assert.match(entry?.integrity ?? "", /^sha512-/, target);
    }
  });

  test("names no registry, so that it installs from any mirror", () => {
    assert.doesNotMatch(readFileSync(join(runtime, "package-lock.json"), "utf8"), /"resolved"/);
  });

  test("narrows to one backend, which npm can then neither skip nor refuse for its platform", () => {
    const narrowed = narrowLock(manifest, lock, "@node-llama-cpp/win-x64");
    const backends = Object.keys(narrowed.lock.packages).filter((path) => path.startsWith("node_modules/@node-llama-cpp/"));
    assert.deepEqual(backends, ["node_modules/@node-llama-cpp/win-x64"]);
    const entry = narrowed.lock.packages["node_modules/@node-llama-cpp/win-x64"];
    assert.deepEqual([entry?.optional, entry?.os, entry?.cpu], [undefined, undefined, undefined]);
    assert.equal(entry?.integrity, lock.packages["node_modules/@node-llama-cpp/win-x64"]?.integrity);
    assert.equal(narrowed.manifest.dependencies["@node-llama-cpp/win-x64"], entry?.version);
    assert.deepEqual(narrowed.lock.packages[""]?.dependencies, narrowed.manifest.dependencies);
  });
});

describe("installing the local runtime", () => {
  test("runs npm once, and not again while lock file and machine stay the same", async () => {
    const calls: (readonly string[])[] = [];
    const runNpm = (args: readonly string[], cwd: string): void => {
      calls.push(args);
      fakeNpm(args, cwd);
    };
    const options = { folder: join(folder, "once"), runNpm, log: () => undefined, target: linux };
    assert.deepEqual(await installLocalRuntime(options), { changed: true, backend: "@node-llama-cpp/linux-x64" });
    assert.deepEqual(await installLocalRuntime(options), { changed: false, backend: "@node-llama-cpp/linux-x64" });
    assert.equal(calls.length, 1);
    assert.ok(calls[0]?.includes("ci") && calls[0].includes("--ignore-scripts"));
    assert.equal((await installLocalRuntime({ ...options, target: { platform: "linux", arch: "arm64" } })).changed, true);
    assert.ok(!existsSync(join(options.folder, "node_modules/@node-llama-cpp/linux-x64")), "the former backend is gone");
  });

  test("heals after an interruption, and keeps the former install until the new one is whole", async () => {
    const target = join(folder, "healing");
    const options = { folder: target, log: () => undefined, target: linux };
    await installLocalRuntime({ ...options, runNpm: fakeNpm });
    writeFileSync(join(target, "stamp"), "of another lock file");
    const interrupted = (_args: readonly string[], cwd: string): void => {
      put(join(cwd, "node_modules/node-llama-cpp/half-a-file"));
      throw new Error("interrupted");
    };
    await assert.rejects(installLocalRuntime({ ...options, runNpm: interrupted }), /interrupted/);
    assert.ok(existsSync(join(target, "node_modules/node-llama-cpp/package.json")));
    assert.equal((await installLocalRuntime({ ...options, runNpm: fakeNpm })).changed, true);
    assert.ok(!existsSync(join(target, "node_modules/node-llama-cpp/half-a-file")));
  });

  test("installs again when the backend's folder was deleted", async () => {
    const options = { folder: join(folder, "deleted"), runNpm: fakeNpm, log: () => undefined, target: linux };
    await installLocalRuntime(options);
    rmSync(join(options.folder, "node_modules/@node-llama-cpp/linux-x64"), { recursive: true });
    assert.equal((await installLocalRuntime(options)).changed, true);
  });

  test("says on a machine without a backend that local models will not run, and goes on", async () => {
    const lines: string[] = [];
    const target = { platform: "linux", arch: "x64", libc: "musl" };
    const outcome = await installLocalRuntime({ folder: join(folder, "musl"), runNpm: fakeNpm, log: (line) => lines.push(line), target });
    assert.equal(outcome.backend, undefined);
    assert.match(outcome.reason ?? "", /musl/);
    assert.match(lines.join("\n"), /Local models will not run on this machine.*Everything else works/);
    assert.deepEqual(layOutLocalRuntime({ from: join(folder, "musl"), to: join(folder, "musl-dist") }).available, false);
    assert.ok(!existsSync(join(folder, "musl-dist/node-llama-cpp")));
  });

  test("knows the machine it runs on", () => {
    assert.equal(hostTarget().platform, process.platform);
    assert.match(backendFor({ platform: "sunos", arch: "x64" }).reason ?? "", /sunos-x64/);
  });
});

describe("laying the local runtime out for shipping", () => {
  test("takes what the library reads at run time and leaves sources, declarations, maps and templates behind", async () => {
    const from = join(folder, "full");
    await installLocalRuntime({ folder: from, runNpm: fakeNpm, log: () => undefined, target: linux });
    const inLibrary = (path: string): string => join("node_modules/node-llama-cpp", path);
    const kept = [inLibrary("dist/index.js"), inLibrary("llama/binariesGithubRelease.json"), inLibrary("LICENSE")];
    const left = [
      inLibrary("dist/index.d.ts"),
      inLibrary("dist/index.js.map"),
      inLibrary("llama/gitRelease.bundle"),
      inLibrary("templates/a.json"),
    ];
    const backend = "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/llama-addon.node";
    for (const path of [...kept, ...left, backend]) put(join(from, path));

    const to = join(folder, "dist/node_modules");
    assert.equal(layOutLocalRuntime({ from, to }).changed, true);
    for (const path of [...kept, backend]) assert.ok(existsSync(join(folder, "dist", path)), path);
    for (const path of left) assert.ok(!existsSync(join(folder, "dist", path)), path);
    assert.ok(
      existsSync(join(to, "ipull/node_modules/lifecycle-utils/package.json")),
      "nested packages are laid out where they are needed",
    );
    assert.ok(!existsSync(join(to, "cmake-js")), "what only compiles llama.cpp is left behind");
    assert.equal(layOutLocalRuntime({ from, to }).changed, false);
  });
});
