// What the part after `local/` means: one of the built-in names, or the path of a GGUF file on this machine.

import { homedir } from "node:os";
import { join, normalize, win32 } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "../types.ts";
import { localError } from "./local-error.ts";

export interface ModelFile {
  readonly file: string;
  /** For the file's chat template. */
  readonly templateParameters?: JsonObject;
}

/**
 * `demo` answers with what it is and the question; `echo` is the same file, told by its template to repeat the last question
 * in upper case and to say nothing else. Throws where a path is not absolute: the sidecar has no folder of the user's.
 */
export function modelFile(model: string, demoModel: URL): ModelFile {
  if (model === "demo") return { file: fileURLToPath(demoModel) };
  if (model === "echo") return { file: fileURLToPath(demoModel), templateParameters: { echo: true } };
  const file = model.startsWith("~/") || model.startsWith("~\\") ? join(homedir(), model.slice(2)) : model;
  // Windows' rule takes drive letters and slashes alike; a path that is none here is reported as not found.
  if (win32.isAbsolute(file)) return { file: normalize(file) };
  throw localError(
    "file-not-found",
    `"${model}" is no built-in model and no absolute path: write local/ and the whole path of a GGUF file.`,
  );
}
