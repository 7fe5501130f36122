// The body of a refused request: a hint at what its status already says, so it is read within bounds of bytes and of time, and
// what had come by then is enough. Some proxies compress it although that was not asked for.

import { brotliDecompressSync, constants, unzipSync } from "node:zlib";
import { readBytesSoFar } from "../http/read-body.ts";
import type { StageTimer } from "../http/stage-timer.ts";
import { CallerAborted, type OpenExchange } from "./http-call.ts";

const MOST_BYTES = 256 * 1024;
/** Milliseconds. It is written when the status is. */
const MOST_MS = 3_000;

/** Empty where nothing came. Never rejects but with `CallerAborted`. The exchange is at its end afterwards. */
export async function readErrorText({ exchange, head }: OpenExchange, timer: StageTimer): Promise<string> {
  timer.enter("error-body", MOST_MS);
  const { bytes, failure } = await readBytesSoFar(exchange, MOST_BYTES);
  timer.stop();
  if (failure instanceof CallerAborted) throw failure;
  const encoding = head.headers["content-encoding"];
  return (isPacked(encoding) ? unpacked(bytes, encoding) : bytes).toString("utf8");
}

/** Whether a body is compressed, which nobody asked for. `none` is no registered word, and is said by proxies all the same. */
export function isPacked(encoding: string | undefined): encoding is string {
  return encoding !== undefined && !/^\s*(identity|none)?\s*$/iu.test(encoding);
}

/** As much as was packed before it was cut. Empty where it cannot be read: better no words than what looks like none. */
function unpacked(bytes: Buffer, encoding: string): Buffer {
  try {
    if (/^\s*br\s*$/iu.test(encoding))
      return brotliDecompressSync(bytes, { maxOutputLength: MOST_BYTES, finishFlush: constants.BROTLI_OPERATION_FLUSH });
    return unzipSync(bytes, { maxOutputLength: MOST_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}
