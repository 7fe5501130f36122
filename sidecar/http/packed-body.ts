// Bodies that come compressed although nobody asked for it, as some proxies send them.

import { brotliDecompressSync, constants, unzipSync } from "node:zlib";

/** Whether a body is compressed. `none` is no registered word, and is said by proxies all the same. */
export function isPacked(encoding: string | undefined): encoding is string {
  return encoding !== undefined && !/^\s*(identity|none)?\s*$/iu.test(encoding);
}

/** As much as was packed before it was cut. Null where that cannot be read, or is more than `limit` bytes. */
export function unpacked(bytes: Buffer, encoding: string, limit: number): Buffer | null {
  try {
    if (/^\s*br\s*$/iu.test(encoding))
      return brotliDecompressSync(bytes, { maxOutputLength: limit, finishFlush: constants.BROTLI_OPERATION_FLUSH });
    return unzipSync(bytes, { maxOutputLength: limit, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return null;
  }
}
