// Bundles come into their place whole, and all of them or none: they are written to a folder beside it first, and renamed when
// everything was built. A build that fails or is killed leaves what was there, so that nothing runs a half of a file.

import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, type BuildOptions, type BuildResult, type Plugin } from "esbuild";

export type StagedOptions = BuildOptions & { readonly metafile: true };
export type BuiltBundle = BuildResult<{ metafile: true; write: false }>;

const PREFIX = "build-";

/** Where the files of one build wait: on the same disk as their place, or a rename would be a copy. */
export class Stage {
  readonly #root: string;
  readonly folder: string;

  /** `root`: what the paths of a build are relative to. What builds that were killed have left below it is removed. */
  constructor(root: string) {
    this.#root = root;
    const stages = join(root, ".cache");
    mkdirSync(stages, { recursive: true });
    for (const name of readdirSync(stages)) if (isLeftBehind(name)) rmSync(join(stages, name), { recursive: true, force: true });
    this.folder = join(stages, `${PREFIX}${process.pid}`);
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder);
  }

  /** Where to write what is to come to `path`. Its folder is there. */
  pathFor(path: string): string {
    const staged = join(this.folder, relative(this.#root, path));
    mkdirSync(dirname(staged), { recursive: true });
    return staged;
  }

  /** Takes the place of the file at `path`. */
  putFile(path: string): void {
    mkdirSync(dirname(path), { recursive: true });
    renameSync(this.pathFor(path), path);
  }

  /** Takes the place of the whole folder at `path`. */
  putFolder(path: string): void {
    rmSync(path, { recursive: true, force: true });
    this.putFile(path);
  }

  /** What a bundle loads comes before what loads it, which so never finds its parts missing. */
  putBundles(bundles: readonly BuiltBundle[]): void {
    const files = bundles.flatMap(({ outputFiles }) => outputFiles);
    for (const { path, contents } of files) writeFileSync(this.pathFor(path), contents);
    const entries = new Set(
      bundles.flatMap(({ metafile }) =>
        Object.entries(metafile.outputs).flatMap(([path, { entryPoint }]) => (entryPoint === undefined ? [] : path)),
      ),
    );
    const isEntry = (path: string): boolean => entries.has(relative(this.#root, path).replaceAll("\\", "/"));
    const parts = files.filter(({ path }) => !isEntry(path));
    for (const { path } of [...parts, ...files.filter(({ path }) => isEntry(path))]) this.putFile(path);
  }

  /** For builds that watch: each bundle by itself, whenever it was built without an error. */
  get plugin(): Plugin {
    return {
      name: "staged",
      setup: (bundle) => {
        bundle.onEnd((result) => {
          const { errors, outputFiles, metafile } = result;
          if (errors.length === 0 && outputFiles !== undefined && metafile !== undefined)
            this.putBundles([{ ...result, outputFiles, metafile }]);
        });
      },
    };
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Builds all of them, and nothing comes into its place. Rejects where one fails. */
export function buildAll(options: readonly StagedOptions[]): Promise<readonly BuiltBundle[]> {
  return Promise.all(options.map((one) => build({ ...one, write: false })));
}

/** Removes those of the files, which earlier builds made, that these bundles are not made of any more. */
export function removeStale(files: readonly string[], bundles: readonly BuiltBundle[]): void {
  const now = new Set(bundles.flatMap(({ outputFiles }) => outputFiles.map(({ path }) => path)));
  for (const file of files) if (!now.has(file)) rmSync(file, { force: true });
}

function isLeftBehind(name: string): boolean {
  if (!name.startsWith(PREFIX)) return false;
  try {
    process.kill(Number(name.slice(PREFIX.length)), 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}
