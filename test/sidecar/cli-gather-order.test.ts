import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { beginOrder } from "../../sidecar/cli/gather-order.ts";

/** `0a`: the first file, by the first model. */
const named = (files: number, servers: readonly (string | undefined)[]): string =>
  beginOrder(files, servers)
    .map((place) => `${Math.floor(place / servers.length)}${"abc"[place % servers.length]}`)
    .join(" ");

describe("the answers of several models about many files begin", () => {
  it("file by file where no model has to be loaded, or each elsewhere", () => {
    assert.equal(named(3, [undefined, undefined]), "0a 0b 1a 1b 2a 2b");
    assert.equal(named(2, ["one", "another"]), "0a 0b 1a 1b");
  });

  it("model by model where one server has to load them", () => {
    assert.equal(named(3, ["here", "here"]), "0a 1a 2a 0b 1b 2b");
  });

  it("beside them those that are asked elsewhere", () => {
    assert.equal(named(2, ["here", undefined, "here"]), "0a 0b 1a 1b 0c 1c");
  });

  it("each once", () => {
    assert.deepEqual(
      beginOrder(50, ["x", undefined, "x"]).toSorted((a, b) => a - b),
      Array.from({ length: 150 }, (_, place) => place),
    );
    assert.deepEqual([beginOrder(1, ["x"]), beginOrder(0, ["x"])], [[0], []]);
  });
});
