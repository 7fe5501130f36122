// What a recorded stream must be read as: what the index beside the recordings says, never what we read ourselves. Where the
// same recording is read again, cut in another way, it must give the events of the reading that the index has confirmed.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { asCount, asObject } from "../../sidecar/providers/json-fields.ts";
import type { Provider, ProviderEvent } from "../../sidecar/providers/provider.ts";
import type { JsonObject, Usage } from "../../sidecar/types.ts";
import type { ClientReads } from "./client-reads.ts";
import { call } from "./provider-calls.ts";
import type { RawConnection, RawServer } from "./raw-server.ts";
import { readRecording, type Recording } from "./recorded-streams.ts";
import { cutAt, foldEvents, readPieces } from "./wire-reading.ts";

/**
 * Three messages of one conversation in one file, with block numbers that begin anew in each. The index folds them by block
 * number, so that later blocks replace earlier ones; on a connection each message has an answer of its own.
 */
const SEVERAL_MESSAGES = "vercel-ai/anthropic--anthropic-tool-search-deferred-regex.sse";

const REPLACEMENT = "\ufffd";

export function checkReading({ file, expected }: Recording, events: readonly ProviderEvent[], how: string): void {
  const answer = foldEvents(events);
  const place = `${file}, ${how}`;
  assert.ok(answer.finish !== null, `an end of ${place}`);
  assert.equal(answer.finish.rawFinishReason, expected.finish, `finish of ${place}`);
  checkUsage(answer.usage, expected.usage, place);
  assert.equal(characters(answer.reasoning), expected.reasoningLen, `reasoning of ${place}`);
  assert.ok(!`${answer.text}${answer.reasoning}${JSON.stringify(answer.tools)}`.includes(REPLACEMENT), `a broken character in ${place}`);
  const tools = expected.tools.map(({ id, name, arguments: text }) => ({ id, name, arguments: text }));
  if (file === SEVERAL_MESSAGES) {
    for (const tool of tools)
      assert.deepEqual(
        answer.tools.filter(({ id }) => id === tool.id),
        [tool],
        place,
      );
    return;
  }
  assert.equal(characters(answer.text), expected.textLen, `length of ${place}`);
  assert.equal(createHash("sha256").update(answer.text).digest("hex").slice(0, 16), expected.textSha256, `text of ${place}`);
  assert.deepEqual(answer.tools, tools, `tools of ${place}`);
}

function checkUsage(usage: Usage | null, raw: JsonObject | null, place: string): void {
  if (raw === null) {
    assert.equal(usage, null, `usage of ${place}`);
    return;
  }
  const sum = (...names: readonly string[]): number => names.reduce((total, name) => total + (asCount(raw[name]) ?? 0), 0);
  const input = sum("prompt_tokens", "prompt_eval_count", "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens");
  // The total includes what some count beside the output.
  const total = asCount(raw["total_tokens"]);
  const output = total === undefined ? sum("completion_tokens", "eval_count", "output_tokens") : total - input;
  const details = asObject(raw["prompt_tokens_details"]) ?? asObject(raw["input_tokens_details"]);
  const cached = asCount(details?.["cached_tokens"]) ?? asCount(raw["prompt_cache_hit_tokens"]) ?? asCount(raw["cached_tokens"]);
  assert.deepEqual(
    { input: usage?.inputTokens, output: usage?.outputTokens, cached: usage?.cachedTokens },
    { input, output, cached: cached ?? asCount(raw["cache_read_input_tokens"]) },
    `usage of ${place}`,
  );
}

function characters(text: string): number {
  return Array.from(text).length;
}

/** Reads it whole and checks that against the index; the events are what every other reading of it must give. */
export function readWhole(recording: Recording): { readonly bytes: Buffer; readonly events: readonly ProviderEvent[] } {
  const bytes = readRecording(recording.file);
  const { events, failure } = readPieces(recording.wire, [bytes]);
  assert.equal(failure, null, recording.file);
  checkReading(recording, events, "whole");
  return { bytes, events };
}

/** Reads it cut at these offsets, and compares event by event. */
export function checkCut(recording: Recording, bytes: Buffer, cuts: readonly number[], whole: readonly ProviderEvent[]): void {
  checkSame(readPieces(recording.wire, cutAt(bytes, cuts)).events, whole, () => `${recording.file}, cut at ${cuts.join()}`);
}

/** Fast enough for a million readings: only a difference is put into words. */
export function checkSame(events: readonly ProviderEvent[], whole: readonly ProviderEvent[], where: () => string): void {
  const same = events.length === whole.length && events.every((event, at) => isSame(event, whole[at]));
  if (!same) assert.deepEqual(events, whole, where());
}

function isSame(one: ProviderEvent, other: ProviderEvent | undefined): boolean {
  if (one.type !== other?.type) return false;
  if ("text" in one && "text" in other) return one.text === other.text;
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Requests for an answer. Ollama is asked about its model before. */
const ANSWERED = /^POST \S*\/(?:chat|completions|responses|messages) /u;

function notFound(connection: RawConnection): void {
  void connection.write("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").then(() => connection.end());
}

/**
 * Reads it over a real socket, cut at these offsets: the server writes a piece only when the client has read the one before.
 * Fails unless the client has read at least as many pieces as there are.
 */
export async function checkOverSocket(
  { server, reads, provider }: { readonly server: RawServer; readonly reads: ClientReads; readonly provider: Provider },
  recording: Recording,
  cuts: readonly number[],
): Promise<void> {
  const bytes = readRecording(recording.file);
  const pieces = [...cutAt(bytes, cuts)].filter((piece) => piece.length > 0);
  const type = recording.wire === "ollama" ? "application/x-ndjson" : "text/event-stream";
  reads.reset();
  server.handler = async (connection) => {
    if (!ANSWERED.test(connection.request.head)) return notFound(connection);
    await connection.write(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${bytes.length}\r\nconnection: close\r\n\r\n`);
    let sent = 0;
    for (const piece of pieces) {
      await connection.write(piece);
      sent += piece.length;
      await Promise.race([reads.read(sent), connection.closed]);
    }
    return connection.end();
  };
  const { events, thrown } = await call(provider);
  const how = `cut at ${cuts.join()} over a socket`;
  assert.equal(thrown, null, `${recording.file}, ${how}`);
  checkReading(
    recording,
    events.filter(({ type }) => type !== "request-id"),
    how,
  );
  assert.ok(reads.pieces >= pieces.length, `${recording.file} arrived in ${reads.pieces} pieces instead of ${pieces.length}`);
}
