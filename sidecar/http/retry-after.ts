// How long a refused request should wait, as the many ways of saying so have it. All pure; all times in milliseconds. `nowMs` is the
// time of this machine, by which what a server calls an instant is reckoned only as long as its answer was dated alike.

import { headerText, type HttpHeaders } from "./headers.ts";

/**
 * From the most to the least exact: `retry-after-ms`, `retry-after` in seconds or as a date, then the reset times of those
 * rate limits of which nothing remains. Undefined where the headers say nothing that can be believed.
 */
export function retryAfterMs(headers: HttpHeaders, nowMs: number): number | undefined {
  const exact = positiveNumber(headerText(headers, "retry-after-ms"));
  if (exact !== undefined) return exact;
  const text = headerText(headers, "retry-after");
  if (text !== undefined) {
    const seconds = positiveNumber(text);
    if (seconds !== undefined) return seconds * 1000;
    const date = dateMs(text);
    if (!Number.isNaN(date)) return Math.max(0, date - sentMs(headers, nowMs));
  }
  // Azure sends -1 and 0 for what it does not count, together with limits that are not used up.
  return longestReset(headers, nowMs, (remaining) => Number(remaining ?? "1") <= 0);
}

/** With an answer that was given: for how long nothing is left of a limit, so that the next request would be refused. */
export function exhaustedForMs(headers: HttpHeaders, nowMs: number): number | undefined {
  return longestReset(headers, nowMs, (remaining) => remaining === "0");
}

/** What a date tells is rounded down to a second, and it takes a moment to come. */
const EXACT_MS = 2000;

/** When the answer was sent, by the clock of whoever sent it; a clock here that agrees with it is more exact. */
function sentMs(headers: HttpHeaders, nowMs: number): number {
  const date = dateMs(headerText(headers, "date") ?? "");
  const agrees = date <= nowMs && nowMs - date < EXACT_MS;
  return Number.isNaN(date) || agrees ? nowMs : date;
}

/** Every form of a date that HTTP knows has a time of day. JavaScript alone takes `-5` for a year and `soon 5` for a month. */
function dateMs(text: string): number {
  return /^\w.*\d:\d\d/u.test(text.trim()) ? Date.parse(text) : Number.NaN;
}

/** `x-should-retry`, by which OpenAI and Anthropic overrule what a status usually means. */
export function shouldRetry(headers: HttpHeaders): boolean | undefined {
  const text = headerText(headers, "x-should-retry");
  return text === "true" ? true : text === "false" ? false : undefined;
}

/** `x-ratelimit-reset-requests: 12ms` (OpenAI, Groq) and `anthropic-ratelimit-requests-reset: 2026-01-01T00:00:00Z`. */
function longestReset(headers: HttpHeaders, nowMs: number, isUsedUp: (remaining: string | undefined) => boolean): number | undefined {
  const waits: number[] = [];
  for (const name of Object.keys(headers)) {
    if (!name.includes("ratelimit")) continue;
    const openai = /^x-ratelimit-reset(-.+)?$/u.exec(name);
    const anthropic = /^anthropic-ratelimit-(.+)-reset$/u.exec(name);
    if (openai === null && anthropic === null) continue;
    const remaining = openai === null ? `anthropic-ratelimit-${anthropic?.[1]}-remaining` : `x-ratelimit-remaining${openai[1] ?? ""}`;
    if (!isUsedUp(headerText(headers, remaining))) continue;
    const text = headerText(headers, name) ?? "";
    const sent = sentMs(headers, nowMs);
    const wait = openai === null ? instantMs(text, sent) : (durationMs(text) ?? instantMs(text, sent));
    if (wait !== undefined && wait > 0) waits.push(wait);
  }
  return waits.length === 0 ? undefined : Math.max(...waits);
}

/** Go's way of writing durations: `1h2m3.5s`, `12ms`. A bare number is not one: it may be seconds or an instant. */
export function durationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/u.test(text)) return undefined;
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/gu)) sum += Number(number) * (units[unit ?? ""] ?? 0);
  return sum;
}

/** RFC 3339, or a Unix time in seconds or milliseconds. */
function instantMs(text: string, nowMs: number): number | undefined {
  const number = positiveNumber(text);
  if (number !== undefined) {
    if (number > 1e12) return number - nowMs;
    return number > 1e9 ? number * 1000 - nowMs : number * 1000;
  }
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : date - nowMs;
}

function positiveNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+(\.\d+)?$/u.test(text.trim())) return undefined;
  return Number(text);
}
