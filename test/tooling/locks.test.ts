// The lock files: whole, without hosts, and those of the editor true to what code-server was made with.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ensureEditor } from "../rig/install.ts";
import { codeServer, editorFolder, inClone } from "../rig/places.ts";

interface Entry {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
type Packages = Readonly<Record<string, Entry>>;

function packagesOf(file: string): Packages {
  const { packages }: { readonly packages: Packages } = JSON.parse(readFileSync(file, "utf8"));
  return packages;
}

const locks = [
  "package-lock.json",
  "test/rig/node/package-lock.json",
  "test/rig/editor/package-lock.json",
  "test/bench/package-lock.json",
  "sidecar/local/runtime/package-lock.json",
];

for (const lock of locks) {
  describe(lock, () => {
    const packages = packagesOf(inClone(lock));
    const fetched = Object.entries(packages).filter(([path, { link }]) => path.includes("node_modules/") && link !== true);

    test("it names no host and verifies all that is fetched", () => {
      const withHost = fetched.filter(([, { resolved = "" }]) => /^[a-z+]+:\/\//.test(resolved)).map(([path]) => path);
      const unverified = fetched.filter(([, { integrity = "" }]) => !integrity.startsWith("sha512-")).map(([path]) => path);
      assert.deepEqual({ withHost, unverified }, { withHost: [], unverified: [] });
    });
    test("it holds what is needed on other platforms too, without which npm ci refuses it", () => {
      const missing = fetched.flatMap(([path, { optionalDependencies = {} }]) =>
        Object.keys(optionalDependencies).filter(
          (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
        ),
      );
      assert.deepEqual(missing, []);
    });
  });
}

test("the modules beside code-server have the versions that it was made with", async () => {
  await ensureEditor();
  const server = packagesOf(join(codeServer, "lib/vscode/npm-shrinkwrap.json"));
  const extensions = packagesOf(join(codeServer, "lib/vscode/extensions/npm-shrinkwrap.json"));
  const { dependencies = {} }: Entry = JSON.parse(readFileSync(join(editorFolder, "package.json"), "utf8"));
  const { version: standIn }: Entry = JSON.parse(readFileSync(join(editorFolder, "spdlog/package.json"), "utf8"));
  const different = Object.entries(dependencies)
    .filter(([name]) => name !== "code-server")
    .map(([name, version]) => [
      name,
      version.startsWith("file:") ? standIn : version,
      (server[`node_modules/${name}`] ?? extensions[`node_modules/${name}`])?.version,
    ])
    .filter(([, ours, theirs]) => ours !== theirs);
  assert.deepEqual(different, []);
  assert.ok(existsSync(join(codeServer, "lib/vscode/node_modules/vscode-oniguruma/package.json")), "the server finds its modules");
});
