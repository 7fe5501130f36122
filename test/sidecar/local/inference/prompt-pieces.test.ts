import assert from "node:assert/strict";
import { test } from "node:test";
import { FIRST_PIECE, nextPiece } from "../../../../sidecar/local/inference/prompt-pieces.ts";

/** Sizes of the first pieces where a token takes so many milliseconds, and each piece so many more by itself. */
function sizes(tokenMs: number, pieceMs = 0): number[] {
  const found = [FIRST_PIECE];
  while (found.length < 8) {
    const size = found.at(-1) ?? 0;
    found.push(nextPiece(size, size * tokenMs + pieceMs));
  }
  return found;
}

test("pieces grow while they are read quickly, to a limit", () => {
  assert.deepEqual(sizes(0.01), [64, 128, 256, 512, 1024, 2048, 2048, 2048]);
});

test("pieces stay large enough for the fast kernel where each takes long, as on a busy machine", () => {
  assert.deepEqual(sizes(1, 300), [64, 128, 128, 128, 128, 128, 128, 128]);
  assert.equal(nextPiece(512, 300), 256);
});

test("pieces of a model that needs seconds for them become small, so that reading can be cancelled", () => {
  assert.deepEqual(sizes(50), [64, 32, 16, 16, 16, 16, 16, 16]);
});
