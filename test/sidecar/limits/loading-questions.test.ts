import assert from "node:assert/strict";
import { test } from "node:test";
import { hasLoaded, mayAskAgain, toldLoading } from "../../../sidecar/limits/loading-questions.ts";

const MINUTE = 60_000;

test("of those that wait for a server to load its model one asks again, until it has loaded it", () => {
  const endpoint = { endpoint: {}, model: "m" };
  const [one, other] = [{}, {}];
  toldLoading(endpoint, one);
  toldLoading(endpoint, other);
  assert.deepEqual([mayAskAgain(endpoint, other, MINUTE), mayAskAgain(endpoint, one, MINUTE)], [false, true]);
  assert.equal(mayAskAgain({ endpoint: {}, model: "m" }, other, MINUTE), true, "of another endpoint nothing is known");
  assert.equal(mayAskAgain({ ...endpoint, model: "n" }, other, MINUTE), true, "nor of another model there");
  assert.equal(mayAskAgain(endpoint, other, 0), true, "the one has not asked for so long");
  assert.deepEqual([mayAskAgain(endpoint, one, MINUTE), mayAskAgain(endpoint, other, MINUTE)], [false, true]);
  hasLoaded({ ...endpoint, model: "n" });
  assert.equal(mayAskAgain(endpoint, one, MINUTE), false, "another model was loaded");
  hasLoaded(endpoint);
  assert.deepEqual([mayAskAgain(endpoint, one, MINUTE), mayAskAgain(endpoint, other, MINUTE)], [true, true]);
});
