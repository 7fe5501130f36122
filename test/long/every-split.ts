// Every recorded stream of a wire, cut in two at every place, and over a real socket in many random pieces.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { HttpClient } from "../../sidecar/http/http-client.ts";
import { ClientReads } from "../support/client-reads.ts";
import type { FakeWire } from "../support/fake-provider-script.ts";
import { createProvider } from "../support/provider-calls.ts";
import { RawServer } from "../support/raw-server.ts";
import { readRecordings, recordingsAtHand } from "../support/recorded-streams.ts";
import { checkCut, checkOverSocket, readWhole } from "../support/recording-checks.ts";
import { randomCuts, seededRandom } from "../support/seeded-random.ts";
import { PROVIDER_OF_WIRE } from "../support/wire-reading.ts";

const ROUNDS_OVER_SOCKET = 20;

/** Declares the tests of these wires. Without the recordings they are skipped, and say so. */
export async function testEverySplit(wires: readonly FakeWire[]): Promise<void> {
  const skip = recordingsAtHand ? false : "The recorded streams are not beside this project.";
  const recordings = recordingsAtHand ? readRecordings().filter(({ wire }) => wires.includes(wire)) : [];
  const server = await RawServer.start();
  const http = new HttpClient();
  const reads = new ClientReads();
  after(async () => {
    reads.close();
    await http.close();
    await server.close();
  });

  describe(`Recorded streams over ${wires.join(", ")}`, { skip }, () => {
    test("are at hand", () => assert.ok(recordings.length > 0));

    for (const recording of recordings) {
      test(`${recording.file}: the same events, cut in two at every place`, () => {
        const { bytes, events } = readWhole(recording);
        for (let at = 1; at < bytes.length; at += 1) checkCut(recording, bytes, [at], events);
      });
    }

    test("are read as the index says over a real socket in random pieces, and the client has read as many", async () => {
      const random = seededRandom(31);
      for (const recording of recordings) {
        const api = recording.wire === "openai-responses" ? { api: "responses" as const } : {};
        const endpoint = { baseUrl: `${server.origin}/v1`, key: "sk-test", ...api };
        const provider = createProvider(PROVIDER_OF_WIRE[recording.wire], endpoint, http);
        for (let round = 0; round < ROUNDS_OVER_SOCKET; round += 1) {
          const cuts = randomCuts(random, readWhole(recording).bytes.length, 1 + round * 4);
          await checkOverSocket({ server, reads, provider }, recording, cuts);
        }
      }
    });
  });
}
