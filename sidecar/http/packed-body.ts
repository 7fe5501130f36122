// Bodies that come compressed although nobody asked for it, as some proxies send them.

import { brotliDecompressSync, constants, unzipSync } from "node:zlib";
import { headerTexts, type HttpHeaders } from "./headers.ts";

/** How a body is compressed; undefined where it is not. `none` is no registered word, and is said by proxies all the same. */
export function packedAs(headers: HttpHeaders): string | undefined {
  return headerTexts(headers, "content-encoding").find((encoding) => !/^\s*(identity|none)?\s*$/iu.test(encoding));
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
