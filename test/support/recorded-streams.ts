// The recorded streams of real providers, which lie beside the project where they are at hand at all: they are other
// people's data, and read in place. Without them the tests over them are skipped, and say so.

import { existsSync, readFileSync } from "node:fs";
import type { JsonObject, JsonValue } from "../../sidecar/types.ts";
import type { FakeWire } from "./fake-provider-script.ts";

export const recordingsFolder = new URL("../../../shared/wire/", import.meta.url);
export const recordingsAtHand = existsSync(new URL("index.json", recordingsFolder));

export interface Recording {
  readonly file: string;
  readonly provider: string;
  readonly wire: FakeWire;
  readonly expected: {
    /** Characters. */
    readonly textLen: number;
    /** The first 16 digits, of the UTF-8. */
    readonly textSha256: string;
    readonly reasoningLen: number;
    readonly finish: string | null;
    /** As the provider wrote it. */
    readonly usage: JsonObject | null;
    readonly tools: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
    readonly error: JsonValue;
  };
}

export function readRecordings(): readonly Recording[] {
  const index: Recording[] = JSON.parse(readFileSync(new URL("index.json", recordingsFolder), "utf8"));
  return index;
}

export function readRecording(file: string): Buffer {
  return readFileSync(new URL(file, recordingsFolder));
}

/** A recording with its head: status, headers, body. */
export function readRawAnswer(file: string): { readonly status: number; readonly headers: Record<string, string>; readonly body: Buffer } {
  const bytes = readRecording(file);
  const end = bytes.indexOf("\r\n\r\n");
  if (!bytes.subarray(0, 5).equals(Buffer.from("HTTP/")))
    return { status: 200, headers: { "content-type": "text/event-stream" }, body: bytes };
  const [first, ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  return { status: Number(first?.split(" ")[1]), headers, body: bytes.subarray(end + 4) };
}
