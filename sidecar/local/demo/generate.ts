// Writes the demo model: part of every build.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { demoModel } from "./demo-model.ts";
import { encodeEchoModel } from "./echo-model.ts";

/** Writes the model to `path`, whose folder must exist. A file that holds it already is left alone. */
export function writeDemoModel(path: string): { readonly bytes: number; readonly sha256: string } {
  const model = encodeEchoModel(demoModel());
  const sha256 = createHash("sha256").update(model).digest("hex");
  // A running inference process has the file mapped: it keeps the old one, which a write in place would change under it.
  if (!existsSync(path) || !readFileSync(path).equals(model)) {
    writeFileSync(`${path}.partial`, model);
    renameSync(`${path}.partial`, path);
  }
  return { bytes: model.length, sha256 };
}
