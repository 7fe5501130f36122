import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AdaptiveSize } from "../../../sidecar/limits/adaptive-size.ts";

/** An endpoint whose places are all taken all the time, and which gives so many answers a second at each size. */
class Load {
  readonly size: AdaptiveSize;
  readonly sizes: number[] = [];
  now = 0;
  readonly #rateAt: (size: number) => number;

  constructor(size: AdaptiveSize, rateAt: (size: number) => number) {
    this.size = size;
    this.#rateAt = rateAt;
    this.sizes.push(size.size);
    size.full(this.now);
  }

  answers(count: number): void {
    for (let answered = 0; answered < count; answered++) {
      const { size } = this.size;
      this.now += 1000 / this.#rateAt(size);
      this.size.answered(this.now, true, (1000 * size) / this.#rateAt(size));
      this.note();
    }
  }

  /** Nothing to do for so long. */
  rest(minutes: number): void {
    this.now += minutes * 60_000;
    this.size.interrupt();
    this.size.full(this.now);
  }

  refused(underWay = this.size.size): void {
    this.size.refused(this.now, underWay);
    this.size.full(this.now);
    this.note();
  }

  note(): void {
    if (this.size.size !== this.sizes.at(-1)) this.sizes.push(this.size.size);
  }
}

/** Each request takes a second, however many there are. */
const unlimited = (size: number): number => size;
const oneSlot = (): number => 10;

describe("how many requests at once an endpoint bears", () => {
  it("doubles after each round of answers that came without a refusal, up to the most", () => {
    const load = new Load(new AdaptiveSize(50, 4), unlimited);
    load.answers(4);
    assert.equal(load.size.size, 8);
    load.answers(7);
    assert.equal(load.size.size, 8, "a round is as many answers as may run at once");
    load.answers(1);
    assert.equal(load.size.size, 16);
    load.answers(16 + 32 + 200);
    assert.deepEqual(load.sizes, [4, 8, 16, 32, 50]);
  });

  it("begins no higher than it may ever be", () => {
    const load = new Load(new AdaptiveSize(2, 4), unlimited);
    load.answers(20);
    assert.deepEqual(load.sizes, [2]);
  });

  it("begins where a program says that it may, unless it has learned better", () => {
    const size = new AdaptiveSize(64, 4);
    size.startWith(32);
    assert.equal(size.size, 32);
    size.refused(0, 32);
    size.startWith(48);
    assert.equal(size.size, 16);
  });

  it("stops where twice the requests no longer raise the answers per second, and goes back to half", () => {
    const load = new Load(new AdaptiveSize(64, 4), oneSlot);
    load.answers(200);
    assert.deepEqual(load.sizes, [4, 8, 4, 2, 1], "what begins low may still be too much, and then lies before every chat");
    assert.equal(load.size.phase, "holding");
    const batching = new Load(new AdaptiveSize(64, 4), (size) => Math.min(size, 16));
    batching.answers(500);
    assert.deepEqual(batching.sizes, [4, 8, 16, 32, 16, 8, 16], "half of what it stopped at is looked at once, and is worse");
    assert.equal(batching.size.phase, "holding");
  });

  it("goes back step by step to the fewest that are as good, where chance had let it grow too far", () => {
    let lucky = true;
    const load = new Load(new AdaptiveSize(64, 4), (size) => (lucky ? size : 10));
    load.answers(4 + 8 + 16);
    assert.equal(load.size.size, 32);
    lucky = false;
    load.answers(600);
    assert.deepEqual(load.sizes, [4, 8, 16, 32, 16, 8, 4, 2, 1]);
    assert.equal(load.size.phase, "holding");
    load.rest(1);
    load.answers(4);
    assert.deepEqual([load.size.size, load.size.phase], [2, "probing"], "what was given up is what is tried again");
  });

  it("gives a size that seems to gain nothing a second round, measured alone, before that is believed", () => {
    let slow = false;
    const load = new Load(new AdaptiveSize(64, 4), (size) => (slow ? size / 2 : size));
    load.answers(4);
    slow = true;
    load.answers(8);
    assert.equal(load.size.size, 8, "one slow round");
    slow = false;
    load.answers(16);
    assert.equal(load.size.size, 16);
  });

  it("does not believe that a size gains nothing where the half of it has become as slow as well", () => {
    let work = 1;
    const load = new Load(new AdaptiveSize(64, 4), (size) => size / work);
    load.answers(4);
    work = 15;
    load.answers(8 + 16);
    assert.deepEqual([load.size.size, load.size.phase], [4, "checking"]);
    load.answers(4 + 8);
    assert.deepEqual([load.size.size, load.size.phase], [16, "doubling"], "it was the work that changed");
  });

  it("does not grow while places are free: then more of them would change nothing", () => {
    const size = new AdaptiveSize(64, 4);
    size.full(0);
    for (let now = 1; now < 100; now++) size.answered(now, false, 4);
    assert.equal(size.size, 4);
    size.full(100);
    for (let now = 101; now < 104; now++) size.answered(now, true, 4);
    size.interrupt();
    size.full(104);
    size.answered(105, true, 4);
    assert.equal(size.size, 4, "a round that was broken off counts for nothing");
  });

  it("halves what was refused, climbs by one a round, and stays one below it", () => {
    const load = new Load(new AdaptiveSize(64, 4), unlimited);
    load.answers(4 + 8);
    load.refused();
    assert.deepEqual(load.sizes, [4, 8, 16, 8]);
    load.answers(8);
    assert.equal(load.size.size, 9);
    load.answers(300);
    assert.equal(load.size.size, 15);
    assert.equal(load.size.phase, "holding");
    assert.deepEqual(load.sizes.slice(3), [8, 9, 10, 11, 12, 13, 14, 15]);
  });

  it("takes what was under way for what was refused, where that was less than might have been", () => {
    const load = new Load(new AdaptiveSize(64, 32), unlimited);
    load.refused(6);
    assert.equal(load.size.size, 3);
    load.answers(100);
    assert.equal(load.size.size, 5);
  });

  it("never goes below one request, and learns no size from a refusal of a single one", () => {
    const load = new Load(new AdaptiveSize(64, 4), unlimited);
    load.refused();
    load.refused();
    load.refused();
    assert.deepEqual(load.sizes, [4, 2, 1]);
    load.answers(4);
    assert.equal(load.size.size, 2);
  });

  it("tries the refused size again after five minutes and twenty answers, later each time that it is refused again", () => {
    const load = new Load(new AdaptiveSize(8, 8), unlimited);
    load.refused();
    load.answers(100);
    assert.equal(load.size.size, 7);
    load.answers(7 * 180);
    assert.equal(load.size.size, 7, "three minutes are not enough");
    load.rest(20);
    load.answers(7);
    assert.equal(load.size.size, 8, "the time has passed, and there were answers enough");
    assert.equal(load.size.phase, "probing");
    load.refused();
    assert.equal(load.size.size, 7, "known to go well a moment ago");
    load.rest(6);
    load.answers(40);
    assert.equal(load.size.size, 7, "now it is ten minutes");
    load.rest(5);
    load.answers(7);
    assert.equal(load.size.size, 8);
    load.answers(8);
    assert.equal(load.size.phase, "climbing", "what was refused once is not refused any more");
  });

  it("does not try the refused size again by time alone", () => {
    const load = new Load(new AdaptiveSize(8, 8), unlimited);
    load.refused();
    load.answers(4 + 5 + 6);
    load.rest(60);
    load.answers(7);
    assert.equal(load.size.size, 7);
  });

  it("tries what gained nothing again after a minute, later each time, and goes on from there when it gains now", () => {
    let slots = 4;
    const load = new Load(new AdaptiveSize(64, 4), (size) => Math.min(size, slots));
    load.answers(100);
    assert.deepEqual(load.sizes, [4, 8, 4, 2, 4]);
    load.rest(1);
    load.answers(4 + (8 + 16) + (4 + 8) + (4 + 8));
    assert.deepEqual(load.sizes.slice(5), [8, 4, 2, 4], "still nothing");
    slots = 16;
    load.rest(11);
    load.answers(400);
    assert.deepEqual(load.sizes.slice(9), [8, 16, 32, 16, 8, 16]);
  });

  it("goes back to where it was when what gained nothing is even refused", () => {
    const load = new Load(new AdaptiveSize(64, 4), (size) => Math.min(size, 4));
    load.answers(100);
    assert.deepEqual([load.size.size, load.size.phase], [4, "holding"]);
    load.rest(6);
    load.answers(4);
    assert.equal(load.size.size, 8);
    load.refused();
    assert.equal(load.size.size, 4);
  });

  it("takes the places that the server tells at once, and no more", () => {
    const size = new AdaptiveSize(64, 2);
    size.setPlaces(6);
    assert.equal(size.size, 6);
    new Load(size, unlimited).answers(100);
    assert.equal(size.size, 6);
  });
});
