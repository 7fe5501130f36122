import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Overlap, Speaking } from "../../../sidecar/limits/overlap.ts";

describe("the answers that are being spoken at an endpoint", () => {
  it("meet those that had begun to be spoken, and not those that begin later", () => {
    const speaking = new Speaking<string>();
    speaking.begin("a", 0);
    speaking.begin("b", 100);
    speaking.begin("b", 900);
    assert.deepEqual(speaking.end("a", 1000), { ms: 1000, met: 0 });
    assert.deepEqual(speaking.end("b", 1100), { ms: 1000, met: 1 });
  });

  it("do not meet one in its last tenth: it may have ended already where it comes from", () => {
    const speaking = new Speaking<string>();
    speaking.begin("a", 0);
    speaking.begin("b", 89);
    speaking.begin("c", 95);
    speaking.end("a", 100);
    assert.deepEqual([speaking.end("b", 500)?.met, speaking.end("c", 500)?.met], [1, 1]);
  });

  it("are told nothing of one that ended unseen, or that has left", () => {
    const speaking = new Speaking<string>();
    assert.equal(speaking.end("a", 100), undefined);
    speaking.begin("b", 100);
    speaking.leave("b");
    speaking.begin("c", 200);
    assert.deepEqual([speaking.end("b", 300), speaking.end("c", 300)], [undefined, { ms: 100, met: 0 }]);
  });
});

describe("what the answers tell of how many a server gives at once", () => {
  /** So many answers that met so many others, one each second, each asked for `size` seconds before and spoken for the last 900 ms. */
  function told(size: number, answers: number, met: number): Overlap {
    const overlap = new Overlap(size, 0);
    for (let answer = 1; answer <= answers; answer++) {
      const now = answer * 1000;
      overlap.add(now, Math.min(now, size * 1000), { ms: 900, met });
    }
    return overlap;
  }
  const doubt = (size: number, answers: number, met: number): number => told(size, answers, met).doubt(answers * 1000);

  it("is nothing before there were as many of them as may run at once, and four", () => {
    assert.deepEqual([doubt(2, 3, 0), doubt(8, 7, 0)], [1, 1]);
    assert.ok(doubt(8, 8, 0) < 0.1);
  });

  it("is certain after seven where four may run and none ever met another, and after nine where two may", () => {
    assert.ok(doubt(4, 6, 0) > 0.01 && doubt(4, 7, 0) < 0.01);
    assert.ok(doubt(2, 8, 0) > 0.01 && doubt(2, 9, 0) < 0.01);
  });

  it("is nothing where as many were spoken at once as may run", () => {
    assert.equal(doubt(2, 100, 1), 1);
  });

  it("leaves out what was under way before, and what may have come in one piece", () => {
    const overlap = new Overlap(2, 1000);
    for (let answer = 0; answer < 100; answer++) {
      overlap.add(2000, 1001, { ms: 900, met: 0 });
      overlap.add(2000, 1000, { ms: 49, met: 0 });
    }
    assert.deepEqual([overlap.doubt(200_000), overlap.most], [1, 0]);
  });

  it("counts what begins when the size comes to be, though its time is reckoned from others and so a little off", () => {
    const since = 1000.1 + 0.2;
    const overlap = new Overlap(2, since);
    for (let answer = 1; answer <= 20; answer++) overlap.add(since + answer * 1000, answer * 1000 + 1e-9, { ms: 900, met: 0 });
    assert.ok(overlap.doubt(since + 20_000) < 0.01);
  });

  it("tells little where answers are short beside the time that they are waited for", () => {
    const overlap = new Overlap(4, 0);
    for (let answer = 1; answer <= 20; answer++) overlap.add(answer * 1000, Math.min(answer, 4) * 1000, { ms: 60, met: 0 });
    assert.ok(overlap.doubt(20_000) > 0.3);
  });

  it("has what was achieved behind the first ones, once there are enough of those", () => {
    assert.equal(told(4, 7, 0).achieved(7000), undefined);
    const achieved = told(4, 12, 0).achieved(12_000);
    assert.deepEqual([achieved?.size, achieved?.rate], [4, 0.001]);
  });
});
