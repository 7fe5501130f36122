import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { withPatterns } from "../../sidecar/cli/file-patterns.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-patterns-"));
  await mkdir(join(folder, "src"));
  for (const name of ["b.ts", "a.ts", "c.md", "[x].ts"]) await writeFile(join(folder, "src", name), name);
});
after(() => rm(folder, { recursive: true }));

const at = (name: string): string => join(folder, "src", name);

describe("patterns of file names", () => {
  it("are names in their order where no shell has made them, and stand where the pattern stood", async () => {
    const named = await withPatterns([at("c.md"), at("?.ts"), at("c.*")], "win32");
    assert.deepEqual(named, [at("c.md"), at("a.ts"), at("b.ts"), at("c.md")]);
  });

  it("stay as they are where nothing has such a name, or a file is called so", async () => {
    for (const name of ["*.js", "[x].ts", "plain.ts"]) assert.deepEqual(await withPatterns([at(name)], "win32"), [at(name)]);
  });

  it("are left to the shell elsewhere", async () => {
    assert.deepEqual(await withPatterns([at("*.ts")], "linux"), [at("*.ts")]);
  });
});
