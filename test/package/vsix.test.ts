// The package as people install it: what is in it, and what is not.

import assert from "node:assert/strict";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ensureEditor } from "../rig/install.ts";
import { inClone } from "../rig/places.ts";
import { installVsix, makeVsix, vsixTarget } from "../rig/vsix.ts";

const MEGABYTE = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "parley-vsix-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("the package for this platform", () => {
  const extensions = join(folder, "extensions");
  let installed = "";
  let bytes = 0;
  let files: readonly string[] = [];

  before(async () => {
    await ensureEditor();
    const vsix = inClone(".cache/package/parley.vsix");
    bytes = await makeVsix(vsix);
    mkdirSync(extensions);
    await installVsix(vsix, { serverFolder: join(folder, "server"), extensionsFolder: extensions });
    installed = join(extensions, globSync("parley.*", { cwd: extensions })[0] ?? "none");
    files = globSync("**/*", { cwd: installed, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(installed.length + 1)
          .replaceAll("\\", "/"),
      );
  });

  const manifest = (): string => readFileSync(join(installed, "package.json"), "utf8");

  test("it says which platform it is for", () => {
    assert.match(readFileSync(join(installed, ".vsixmanifest"), "utf8"), new RegExp(`TargetPlatform="${vsixTarget()}"`));
  });
  test("it holds every file that its manifest names", () => {
    const named = [...manifest().matchAll(/"(?:\.\/)?((?:dist|media|l10n)\/[^"$]+?)"/g)].map(([, path = ""]) => path);
    assert.ok(named.includes("dist/extension.cjs"));
    assert.deepEqual(
      named.filter((path) => !existsSync(join(installed, path))),
      [],
    );
  });
  test("it holds the sidecar, the inference process, the store's worker, the prices, the page, the demo model and one backend of llama.cpp", () => {
    const needed = [
      "dist/sidecar.mjs",
      "dist/inference.mjs",
      "dist/store-worker.mjs",
      "dist/prices.mjs",
      "dist/schema-worker.mjs",
      "dist/media/chat.js",
      "dist/media/markdown.js",
      "dist/media/shared.js",
      "dist/media/chat.css",
      "dist/models/demo.gguf",
    ];
    assert.deepEqual(
      needed.filter((path) => !files.includes(path)),
      [],
    );
    const backends = new Set(files.flatMap((path) => /^dist\/node_modules\/(@node-llama-cpp\/[^/]+)\//.exec(path)?.[1] ?? []));
    assert.equal(backends.size, existsSync(inClone("dist/node_modules/@node-llama-cpp")) ? 1 : 0);
  });
  test("it holds no source, no map, no test, no command line and no declarations", () => {
    const own = files.filter((path) => !path.startsWith("dist/node_modules/"));
    assert.deepEqual(
      own.filter((path) => /\.(?:ts|tsx|map)$|^test\/|^extension\/|^sidecar\/|^dist\/(?:cli|library|types|meta)/.test(path)),
      [],
    );
    assert.equal(/devDependencies|"scripts"/.test(manifest()), false);
  });
  test("it stays under 20 MB, and the extension's own bundle under 300 KB", () => {
    assert.ok(bytes < 20 * MEGABYTE, `${(bytes / MEGABYTE).toFixed(1)} MB`);
    const bundle = readFileSync(join(installed, "dist/extension.cjs")).length;
    assert.ok(bundle < 300 * 1024, `${(bundle / 1024).toFixed(0)} KB`);
  });
  test("it is not made again while nothing has changed", async () => {
    const vsix = inClone(".cache/package/parley.vsix");
    const before = readFileSync(vsix);
    await makeVsix(vsix);
    assert.ok(readFileSync(vsix).equals(before));
  });
});
