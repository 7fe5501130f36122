import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { context, type Plugin } from "esbuild";
import { buildAll, removeStale, Stage, type StagedOptions } from "../rig/staged-build.ts";
import { until } from "../support/until.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "parley-build-"));
  mkdirSync(join(root, "dist"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const source = (name: string, text: string): void => writeFileSync(join(root, `${name}.ts`), text);
const bundle = (name: string): StagedOptions => ({
  absWorkingDir: root,
  entryPoints: [`${name}.ts`],
  outfile: `dist/${name}.js`,
  metafile: true,
  logLevel: "silent",
});
const built = (): readonly (readonly [string, string])[] =>
  readdirSync(join(root, "dist"))
    .sort()
    .map((name) => [name, readFileSync(join(root, "dist", name), "utf8")]);

async function buildOnce(...names: readonly string[]): Promise<void> {
  const stage = new Stage(root);
  try {
    stage.putBundles(await buildAll(names.map(bundle)));
  } finally {
    stage.close();
  }
}

describe("A build", () => {
  test("comes into its place whole, and leaves nothing beside it", async () => {
    source("a", "console.log(1);");
    await buildOnce("a");
    assert.deepEqual(built(), [["a.js", "console.log(1);\n"]]);
    assert.deepEqual(readdirSync(join(root, ".cache")), []);
  });

  test("that fails leaves all that was there, also of the bundles that were good", async () => {
    source("a", "console.log(1);");
    source("b", "console.log(1);");
    await buildOnce("a", "b");
    const before = built();
    source("a", "console.log(2);");
    source("b", "console.log(");
    await assert.rejects(buildOnce("a", "b"), /Unexpected end of file/u);
    assert.deepEqual(built(), before);
  });

  test("that is killed leaves all that was there, and the next removes what it left beside it", async () => {
    source("a", "console.log(1);");
    await buildOnce("a");
    const before = built();
    const program = `import { writeFileSync } from "node:fs";
      import { Stage } from ${JSON.stringify(new URL("../rig/staged-build.ts", import.meta.url).href)};
      const stage = new Stage(${JSON.stringify(root)});
      writeFileSync(stage.pathFor(${JSON.stringify(join(root, "dist/a.js"))}), "console.l");
      console.log("half");
      setInterval(() => {}, 1e6);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "close");
    assert.deepEqual(built(), before);
    assert.deepEqual(readdirSync(join(root, ".cache")), [`build-${child.pid}`]);
    await buildOnce("a");
    assert.deepEqual(readdirSync(join(root, ".cache")), []);
  });

  test("beside another keeps out of its way", () => {
    const other = join(root, `.cache/build-${process.ppid}`);
    mkdirSync(other, { recursive: true });
    new Stage(root).close();
    assert.ok(existsSync(other));
  });

  test("brings the parts of a bundle along with it, and takes away what nothing loads any more", async () => {
    const options = (): StagedOptions => ({
      absWorkingDir: root,
      entryPoints: ["a.ts"],
      outdir: "dist",
      outExtension: { ".js": ".mjs" },
      splitting: true,
      format: "esm",
      bundle: true,
      metafile: true,
    });
    source("a", 'console.log((await import("./part.ts")).text);');
    const run = (): string => spawnSync(process.execPath, [join(root, "dist/a.mjs")], { encoding: "utf8" }).stdout;
    const files = (): readonly string[] => readdirSync(join(root, "dist")).map((name) => join(root, "dist", name));
    for (const text of ["one", "two"]) {
      source("part", `export const text = "${text}";`);
      const stage = new Stage(root);
      const bundles = await buildAll([options()]);
      stage.putBundles(bundles);
      removeStale(files(), bundles);
      stage.close();
      assert.deepEqual([run(), files().length], [`${text}\n`, 2]);
    }
  });

  test("that watches puts each good state in its place, and none that fails", async () => {
    source("a", "console.log(1);");
    const stage = new Stage(root);
    let failed = 0;
    // Hears of the end of a build after the stage has.
    const counts: Plugin = {
      name: "counts",
      setup: (build) => build.onEnd(({ errors }) => void (failed += Math.min(errors.length, 1))),
    };
    const watched = await context({ ...bundle("a"), write: false, plugins: [stage.plugin, counts] });
    try {
      await watched.watch();
      await until(() => built().length === 1, "the first state");
      source("a", "console.log(");
      await until(() => failed > 0, "the build that fails");
      assert.deepEqual(built(), [["a.js", "console.log(1);\n"]]);
      source("a", "console.log(3);");
      await until(() => built()[0]?.[1] === "console.log(3);\n", "the next good state");
    } finally {
      await watched.dispose();
      stage.close();
    }
  });
});
