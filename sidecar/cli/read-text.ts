// Bytes from outside (a file, the input) as text: no more of them than is allowed, and none that are no text.

/** Bytes. No model reads as much. */
export const TEXT_LIMIT = 32 * 1024 * 1024;

/** Why there is no text, as the end of a sentence. */
export const NO_TEXT = "holds no text (UTF-8, or UTF-16 with a byte order mark)";
export const TOO_LONG = "has more than 32 MB, and no more are read";

/**
 * All bytes of a stream, or undefined where there are more than `TEXT_LIMIT`: the stream is then left, which closes it. Rejects
 * as the stream does.
 */
export async function readBytes(stream: AsyncIterable<Uint8Array>): Promise<Buffer | undefined> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stream) {
    length += piece.length;
    if (length > TEXT_LIMIT) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Undefined where the bytes are no text. A byte order mark is no part of it. */
export function decodeText(bytes: Uint8Array): string | undefined {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
