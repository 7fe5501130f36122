// How much of a prompt is read at once: native code looks at no signal meanwhile, so a piece is what can be cancelled between.

/** Milliseconds that a piece should take. */
const PIECE_MS = 80;
/**
 * Tokens. llama.cpp's attention on a CPU reads 64 or more by a kernel that needs a third of the time for each, and answers that
 * share the batch take some of them away. Fewer at once would make a busy machine slower still.
 */
const ENOUGH = 128;
/** Milliseconds at which cancelling counts more: the model is so large that its weights take the time, whatever the piece. */
const TOO_LONG_MS = 1000;
const SMALLEST = 16;
const LARGEST = 2048;

/** Tokens of the first piece. */
export const FIRST_PIECE = 64;

/** Tokens of the next piece, when `size` tokens took so many milliseconds. */
export function nextPiece(size: number, tookMs: number): number {
  if (tookMs > TOO_LONG_MS) return Math.max(SMALLEST, size / 2);
  if (size < ENOUGH) return tookMs < TOO_LONG_MS / 2 ? size * 2 : size;
  if (tookMs < PIECE_MS / 2) return Math.min(LARGEST, size * 2);
  return tookMs > PIECE_MS * 2 ? Math.max(ENOUGH, size / 2) : size;
}
