// Chats go beside a batch, counted by themselves, as far as the provider has not refused that.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EndpointLimiter } from "../../../sidecar/limits/endpoint-limiter.ts";
import { asks, held, policy, refusal, settled, taken } from "./held-limiter.ts";

describe("a limiter with a full batch", () => {
  it("lets chats go beside a full batch as if it were not there, and not more of them", async () => {
    const limiter = new EndpointLimiter(2);
    const batch = [taken(limiter), taken(limiter)];
    const admitted: string[] = [];
    const waiting = [asks(limiter, "batch", admitted, "batch"), asks(limiter, "batch", admitted, "batch")];
    const chats = [taken(limiter, "foreground"), taken(limiter, "foreground")];
    assert.equal(limiter.tryAcquire("foreground"), undefined, "two chats are as many as there would be without the batch");
    const third = asks(limiter, "foreground", admitted, "third chat");
    for (const place of batch) place.release();
    await settled();
    assert.deepEqual([admitted, limiter.active], [[], 2], "what the batch gives back is not its own while chats fill the size");
    chats[0]?.release();
    await settled();
    assert.deepEqual(admitted, ["third chat"]);
    chats[1]?.release();
    await settled();
    assert.deepEqual(admitted, ["third chat", "batch"]);
    (await third).release();
    await settled();
    assert.deepEqual(admitted, ["third chat", "batch", "batch"]);
    for (const place of waiting) (await place).release();
    assert.equal(limiter.active, 0);
  });

  it("lets one chat alone go beside a full batch where as many at once were refused before", () => {
    const { clock, limiter } = held(4);
    const crowd = Array.from({ length: 4 }, () => taken(limiter));
    crowd[0]?.refused(refusal(), policy);
    for (const place of crowd) place.release();
    clock.pass(500);
    for (let full = 0; full < 2; full++) taken(limiter).accepted();
    assert.deepEqual([limiter.size, limiter.tryAcquire("batch")], [2, undefined]);
    taken(limiter, "foreground").accepted();
    assert.equal(limiter.tryAcquire("foreground"), undefined);
  });

  it("learns nothing of its size when chats beside a full batch are refused, and gives them the batch's next places", async () => {
    const { clock, limiter } = held(4);
    const batch = Array.from({ length: 4 }, () => taken(limiter));
    const admitted: string[] = [];
    const more = asks(limiter, "batch", admitted, "batch");
    taken(limiter, "foreground").accepted();
    const refused = taken(limiter, "foreground");
    refused.refused(refusal(), policy);
    refused.release();
    assert.equal(limiter.size, 4);
    assert.equal(limiter.tryAcquire("foreground"), undefined, "it would be refused again");
    const again = asks(limiter, "foreground", admitted, "chat");
    clock.pass(500);
    batch[0]?.release();
    await settled();
    assert.deepEqual(admitted, [], "four are still there");
    batch[1]?.release();
    await settled();
    assert.deepEqual(admitted, ["chat"]);
    (await again).accepted();
    batch[2]?.release();
    await settled();
    assert.deepEqual(admitted, ["chat", "batch"]);
    assert.ok(limiter.tryAcquire("foreground"), "a chat was taken on, so the next one may try");
    (await more).release();
  });

  it("lets a chat that was refused beside short answers of a batch wait for its next place when it comes back", async () => {
    const { clock, limiter } = held(1);
    const batch = taken(limiter);
    const refused = taken(limiter, "foreground");
    refused.refused(refusal(), policy);
    refused.release();
    batch.release();
    clock.pass(500);
    for (let short = 0; short < 3; short++) {
      const place = taken(limiter);
      place.accepted();
      place.release();
    }
    const last = taken(limiter);
    assert.equal(limiter.tryAcquire("foreground"), undefined, "beside it the chat would be refused again");
    const admitted: string[] = [];
    const waiting = [asks(limiter, "batch", admitted, "batch"), asks(limiter, "foreground", admitted, "chat")];
    last.release();
    await settled();
    assert.deepEqual([admitted, limiter.active], [["chat"], 1]);
    for (const place of waiting.toReversed()) (await place).release();
  });

  it("lets a chat try beside a batch again a minute after one was refused that never came back", () => {
    const { clock, limiter } = held(2);
    const batch = [taken(limiter), taken(limiter)];
    const refused = taken(limiter, "foreground");
    refused.refused(refusal(), policy);
    refused.release();
    clock.pass(59_999);
    assert.equal(limiter.tryAcquire("foreground"), undefined);
    clock.pass(1);
    taken(limiter, "foreground").release();
    for (const place of batch) place.release();
  });

  it("counts only chats for a chat, where a few go out at first after a wait", () => {
    const { clock, limiter } = held(8);
    const crowd = Array.from({ length: 8 }, () => taken(limiter));
    crowd[0]?.refused(refusal(1_000), policy);
    for (const place of crowd) place.release();
    clock.pass(1_000);
    const first = taken(limiter);
    first.accepted();
    first.release();
    for (let unanswered = 0; unanswered < 2; unanswered++) taken(limiter);
    assert.equal(limiter.tryAcquire("batch"), undefined, "two may be without an answer");
    for (let unanswered = 0; unanswered < 2; unanswered++) taken(limiter, "foreground");
    assert.equal(limiter.tryAcquire("foreground"), undefined, "two chats as well");
    assert.equal(limiter.active, limiter.size);
  });
});
