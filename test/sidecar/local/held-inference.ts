// The inference process, held where a test wants it: when it has told of a phase it does no more as long as a file of that name
// lies in its temporary folder. What a test does meanwhile then comes in the middle of the phase, on however fast or busy a machine.

import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FromInference } from "../../../sidecar/local/inference-messages.ts";

const LOOK_MS = 5;
const still = new Int32Array(new SharedArrayBuffer(4));
const send = process.send?.bind(process);

function phasesOf(message: FromInference): readonly string[] {
  return message.type === "events" ? message.events.flatMap((event) => (event.type === "status" ? [event.phase] : [])) : [];
}

process.send = (message: FromInference, ...rest: []): boolean => {
  const sent = send?.(message, ...rest) ?? false;
  for (const phase of phasesOf(message)) while (existsSync(join(tmpdir(), phase))) Atomics.wait(still, 0, 0, LOOK_MS);
  return sent;
};

await import("../../../sidecar/local/inference-process.ts");
