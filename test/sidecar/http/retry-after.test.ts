import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { describe, test } from "node:test";
import { durationMs, exhaustedForMs, retryAfterMs, shouldRetry } from "../../../sidecar/http/retry-after.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
/** So many seconds from now, as HTTP writes it. */
const at = (seconds: number): string => new Date(NOW + seconds * 1000).toUTCString();

const CASES: readonly (readonly [title: string, headers: Record<string, string>, expected: number | undefined])[] = [
  ["quirk 13: milliseconds are the most exact", { "retry-after-ms": "1500", "retry-after": "60" }, 1500],
  ["quirk 13: seconds", { "retry-after": "20" }, 20_000],
  ["a fraction of a second", { "retry-after": "0.25" }, 250],
  ["quirk 13: a date", { "retry-after": "Sun, 01 Mar 2026 12:00:30 GMT" }, 30_000],
  ["quirk 13: a negative number is nonsense, and no year", { "retry-after": "-5" }, undefined],
  ["quirk 13: a negative fraction is no date", { "retry-after": "-1.5" }, undefined],
  ["quirk 13: a word with a number is no date", { "retry-after": "soon 5" }, undefined],
  ["quirk 13: zero is a time of no length", { "retry-after": "0" }, 0],
  ["a date as asctime writes it", { "retry-after": "Sun Mar  1 12:00:30 2026 GMT" }, 30_000],
  ["a date of RFC 3339", { "retry-after": "2026-03-01T12:00:30Z" }, 30_000],
  ["quirk 13: a date that is over means now", { "retry-after": "Sun, 01 Mar 2026 11:59:00 GMT" }, 0],
  ["nonsense says nothing", { "retry-after": "soon" }, undefined],
  ["nothing says nothing", {}, undefined],
  [
    "quirk 14: a reset as a duration counts where nothing remains",
    { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m12.5s" },
    72_500,
  ],
  ["quirk 14: a reset in milliseconds", { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "12ms" }, 12],
  ["a limit that is not used up does not count", { "x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "1m" }, undefined],
  [
    "of two limits that are used up the later counts",
    {
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "2s",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "7s",
    },
    7000,
  ],
  ["quirk 14: Azure's -1 and 0 mean nothing", { "x-ratelimit-remaining-requests": "-1", "x-ratelimit-reset-requests": "0" }, undefined],
  ["a reset as a Unix time in milliseconds", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW + 4000) }, 4000],
  [
    "quirk 14: Anthropic's resets are instants",
    { "anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": "2026-03-01T12:00:05Z" },
    5000,
  ],
  [
    "quirk 13: a date is reckoned from the answer's own, where the server's clock is ahead",
    { date: at(300), "retry-after": at(302) },
    2000,
  ],
  ["quirk 13: or behind, so that what was asked for is waited for", { date: at(-300), "retry-after": at(-297) }, 3000],
  ["a date that is the answer's own moment means now", { date: at(60), "retry-after": at(60) }, 0],
  ["where the clocks agree, the one here is more exact than a date in whole seconds", { date: at(-1), "retry-after": at(30) }, 30_000],
  ["an answer with no date that can be read is as one without", { date: "today", "retry-after": at(30) }, 30_000],
  ["seconds are of no clock", { date: at(300), "retry-after": "20" }, 20_000],
  [
    "quirk 14: an instant at which a limit starts anew is reckoned from the answer's date as well",
    { date: at(300), "anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": "2026-03-01T12:05:05Z" },
    5000,
  ],
  [
    "quirk 14: and so is a Unix time",
    { date: at(-300), "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW - 300_000 + 4000) },
    4000,
  ],
];

describe("How long to wait", () => {
  for (const [title, headers, expected] of CASES) {
    test(title, () => assert.equal(retryAfterMs(headers, NOW), expected));
  }

  test("quirk 13: x-should-retry is believed either way", () => {
    assert.equal(shouldRetry({ "x-should-retry": "true" }), true);
    assert.equal(shouldRetry({ "x-should-retry": "false" }), false);
    assert.equal(shouldRetry({}), undefined);
  });

  test("an answer that says that nothing is left tells for how long, and one that counts nothing does not", () => {
    const cases: readonly (readonly [IncomingHttpHeaders, number | undefined])[] = [
      [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "12s" }, 12_000],
      [{ "x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "12s" }, undefined],
      [{ "x-ratelimit-remaining-tokens": "-1", "x-ratelimit-reset-tokens": "12s" }, undefined],
      [{ "x-ratelimit-reset-tokens": "12s" }, undefined],
      [{ "anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": "2026-03-01T12:00:05Z" }, 5000],
      [{ date: at(-60), "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW - 53_000) }, 7000],
      [{ "retry-after": "7" }, undefined],
      [{}, undefined],
    ];
    for (const [headers, expected] of cases) assert.equal(exhaustedForMs(headers, NOW), expected, JSON.stringify(headers));
  });

  test("durations are numbers with units, and nothing else", () => {
    assert.equal(durationMs("1h2m3.5s"), 3_723_500);
    assert.equal(durationMs("34s"), 34_000);
    assert.equal(durationMs("12"), undefined);
    assert.equal(durationMs("12 s"), undefined);
  });
});
