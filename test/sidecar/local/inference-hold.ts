// Holds the inference process of a client in the middle of a phase: what a test does there comes in time, on however fast or busy
// a machine. The process is that of held-inference.ts, and a file in its temporary folder is what holds it.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { InferenceOptions } from "../../../sidecar/local/inference-client.ts";
import type { StatusPhase } from "../../../sidecar/types.ts";

export class InferenceHold {
  readonly #folder: string;

  /** `folder`: one that does not exist yet. */
  constructor(folder: string) {
    mkdirSync(folder);
    this.#folder = folder;
  }

  /** For the client whose process can be held. */
  get options(): InferenceOptions {
    return {
      program: new URL("./held-inference.ts", import.meta.url),
      environment: { ...process.env, TMPDIR: this.#folder, TEMP: this.#folder, TMP: this.#folder },
    };
  }

  /** While the work goes on, the process does nothing more once it has told of this phase. */
  async during<T>(phase: StatusPhase, work: () => Promise<T>): Promise<T> {
    const file = join(this.#folder, phase);
    writeFileSync(file, "");
    try {
      return await work();
    } finally {
      rmSync(file);
    }
  }
}
