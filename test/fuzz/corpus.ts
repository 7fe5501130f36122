// What is damaged: the fixtures of each wire, and the recorded streams where they are at hand.

import { readdirSync, readFileSync } from "node:fs";
import type { FakeWire } from "../support/fake-provider-script.ts";
import { readRecording, readRecordings, recordingsAtHand } from "../support/recorded-streams.ts";

export const WIRES: readonly FakeWire[] = ["openai-chat", "openai-responses", "anthropic", "ollama"];

export type Corpus = Readonly<Record<FakeWire, readonly Buffer[]>>;

const folder = new URL("../fixtures/wire/", import.meta.url);

/** Without the recordings it is the same on every machine. */
export function readCorpus(withRecordings: boolean): Corpus {
  const recordings = withRecordings && recordingsAtHand ? readRecordings() : [];
  const ofWire = (wire: FakeWire): readonly Buffer[] => [
    ...readdirSync(new URL(`${wire}/`, folder))
      .toSorted()
      .map((file) => readFileSync(new URL(`${wire}/${file}`, folder))),
    ...recordings.filter((recording) => recording.wire === wire).map(({ file }) => readRecording(file)),
  ];
  return {
    "openai-chat": ofWire("openai-chat"),
    "openai-responses": ofWire("openai-responses"),
    anthropic: ofWire("anthropic"),
    ollama: ofWire("ollama"),
  };
}
