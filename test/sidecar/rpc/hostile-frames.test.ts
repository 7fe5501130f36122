// Damaged frames from a fixed seed: the short form of `npm run fuzz`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkMutatedFrames, deepJson, hear } from "../../fuzz/frames.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const DAMAGED = 1500;

test(`${DAMAGED} damaged streams of frames give the same messages and at most one error, wherever they are cut`, async () => {
  const random = seededRandom(7);
  for (let round = 0; round < DAMAGED; round += 1) await checkMutatedFrames(random);
});

test("a frame of a hundred thousand levels is refused with the limit named", async () => {
  const body = deepJson(100_000);
  const { messages, errors, closed } = await hear([Buffer.from(`Content-Length: ${body.length}\r\n\r\n${body}`)], body.length);
  assert.deepEqual(messages, []);
  assert.match(String(errors[0]), /500 levels/);
  assert.equal(closed, 1);
});
