// The body of a refused request: a hint at what its status already says, so it is read within bounds of bytes and of time, and
// what had come by then is enough.

import { packedAs, unpacked } from "../http/packed-body.ts";
import { readBytesSoFar } from "../http/read-body.ts";
import type { StageTimer } from "../http/stage-timer.ts";
import { CallerAborted, type OpenExchange } from "./http-call.ts";

const MOST_BYTES = 256 * 1024;
/** Milliseconds. It is written when the status is. */
const MOST_MS = 3_000;

/** Empty where nothing came that can be read. Never rejects but with `CallerAborted`. The exchange is at its end afterwards. */
export async function readErrorText({ exchange, head }: OpenExchange, timer: StageTimer): Promise<string> {
  timer.enter("error-body", MOST_MS);
  const { bytes, failure } = await readBytesSoFar(exchange, MOST_BYTES);
  timer.stop();
  if (failure instanceof CallerAborted) throw failure;
  const packed = packedAs(head.headers);
  // Better no words than what looks like none.
  return packed === undefined ? bytes.toString("utf8") : (unpacked(bytes, packed, MOST_BYTES)?.toString("utf8") ?? "");
}
