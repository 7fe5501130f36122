// Real providers' streams, as other projects recorded them, read as the index beside them says: with that project's own
// tests and a second decoder, never with our own output. `npm run test:long` reads each cut in two at every place.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { errorKind } from "../../../sidecar/providers/error-kinds.ts";
import { readErrorBody } from "../../../sidecar/providers/error-payload.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import type { JsonValue } from "../../../sidecar/types.ts";
import { ClientReads } from "../../support/client-reads.ts";
import { fakeAtHand, providerOnWire } from "../../support/fake-at-hand.ts";
import type { FakeAnswer, FakeWire } from "../../support/fake-provider.ts";
import { call, createProvider } from "../../support/provider-calls.ts";
import { RawServer } from "../../support/raw-server.ts";
import { readRawAnswer, readRecording, readRecordings, recordingsAtHand } from "../../support/recorded-streams.ts";
import { checkCut, checkOverSocket, checkReading, checkSame, readWhole } from "../../support/recording-checks.ts";
import { randomCuts, seededRandom } from "../../support/seeded-random.ts";
import { ADAPTERS, bytesOneByOne, cutAt, foldEvents, PROVIDER_OF_WIRE, readPieces, wireTarget } from "../../support/wire-reading.ts";

const here = await fakeAtHand();
const server = await RawServer.start();
const reads = new ClientReads();
after(async () => {
  reads.close();
  await server.close();
});
const skip = recordingsAtHand ? false : "The recorded streams are not beside this project.";

/** Of promise 4. */
const RANDOM_PLACES = 10_000;

function providerAtServer(wire: FakeWire): ReturnType<typeof createProvider> {
  const api = wire === "openai-responses" ? { api: "responses" as const } : {};
  return createProvider(PROVIDER_OF_WIRE[wire], { baseUrl: `${server.origin}/v1`, key: "sk-test", ...api }, here.http);
}

describe("Recorded streams", { skip }, () => {
  const recordings = recordingsAtHand ? readRecordings() : [];

  async function readOverSocket(wire: FakeWire, answer: FakeAnswer): Promise<readonly ProviderEvent[]> {
    here.fake.enqueue(answer);
    const { events, thrown } = await call(providerOnWire(here, wire));
    assert.equal(thrown, null);
    return events;
  }

  test("are at hand in all four wires", () => {
    assert.deepEqual([...new Set(recordings.map((recording) => recording.wire))].toSorted(), [
      "anthropic",
      "ollama",
      "openai-chat",
      "openai-responses",
    ]);
    assert.ok(recordings.length >= 76);
  });

  test("are read as the index says: whole, and one byte at a time", () => {
    for (const recording of recordings) {
      const { bytes, events } = readWhole(recording);
      checkSame(readPieces(recording.wire, bytesOneByOne(bytes)).events, events, () => `${recording.file}, byte by byte`);
    }
  });

  test(`are read as the index says when they are cut at ${RANDOM_PLACES} random places, one by one and many at once`, () => {
    const random = seededRandom(20_260_301);
    const places = Math.ceil(RANDOM_PLACES / Math.max(1, recordings.length));
    for (const recording of recordings) {
      const { bytes, events } = readWhole(recording);
      const cuts = randomCuts(random, bytes.length, places);
      for (const cut of cuts) checkCut(recording, bytes, [cut], events);
      checkCut(recording, bytes, cuts, events);
    }
  });

  test("are read as the index says over a real socket", async () => {
    for (const recording of recordings) {
      const events = await readOverSocket(recording.wire, { steps: [{ base64: readRecording(recording.file).toString("base64") }] });
      checkReading(recording, events, "over a socket");
    }
  });

  test("are read as the index says over a real socket in random pieces, and the client has read as many", async () => {
    const random = seededRandom(7);
    for (const recording of recordings) {
      const cuts = randomCuts(random, readRecording(recording.file).length, 12);
      await checkOverSocket({ server, reads, provider: providerAtServer(recording.wire) }, recording, cuts);
    }
  });

  const LLAMA_STREAMS: readonly (readonly [file: string, text: string, finish: string | null])[] = [
    ["completions-stream.sse", "ABC", "stop"],
    ["stream-length.sse", "HEL", "length"],
    [
      "stream-markdown.sse",
      "Here is a function:\n\n```ts\nexport const add = (a: number, b: number) => a + b;\n```\n\nIt returns the **sum** — déjà vu ✓.",
      "stop",
    ],
    ["stream-progress.sse", "COP", "length"],
    ["stream-tools.sse", "CALL IT", "stop"],
    ["stream-usage.sse", "HI DéJà ✓", "stop"],
  ];
  for (const [file, text, finish] of LLAMA_STREAMS) {
    test(`llama-server's ${file} over a real socket`, async () => {
      const { status, headers, body } = readRawAnswer(`llama-server/${file}`);
      const { "content-type": type = "text/event-stream" } = headers;
      const events = await readOverSocket("openai-chat", {
        status,
        headers: { "content-type": type },
        steps: [{ base64: body.toString("base64") }],
      });
      const answer = foldEvents(events);
      assert.equal(answer.text, text);
      assert.equal(answer.finish?.rawFinishReason, finish);
    });
  }

  test("llama-server's streams give the same events cut in two at any place, and one byte at a time", () => {
    for (const [file] of LLAMA_STREAMS) {
      const { body } = readRawAnswer(`llama-server/${file}`);
      const { events } = readPieces("openai-chat", [body]);
      checkSame(readPieces("openai-chat", bytesOneByOne(body)).events, events, () => `${file}, byte by byte`);
      for (let at = 1; at < body.length; at += 1)
        checkSame(readPieces("openai-chat", cutAt(body, [at])).events, events, () => `${file}, cut at ${at}`);
    }
  });

  test("a llama-server stream that its client broke off has text and no end", () => {
    const { events } = readPieces("openai-chat", [readRecording("llama-server/stream-client-abort.sse")]);
    const answer = foldEvents(events);
    assert.match(answer.text, /^abcdefghijklmnopqrstuvwxyz/u);
    assert.equal(answer.finish, null);
  });

  test("llama-server's progress is told", () => {
    const { events } = readPieces("openai-chat", [readRecording("llama-server/stream-progress.sse")]);
    assert.deepEqual(
      events.filter((event) => event.type === "status").map((event) => event.progress),
      [0, 1],
    );
  });

  test("llama-server's whole answer is read although a stream was asked for", async () => {
    const { headers, body } = readRawAnswer("llama-server/nonstream.http");
    const { "content-type": type = "" } = headers;
    const events = await readOverSocket("openai-chat", {
      headers: { "content-type": type },
      steps: [{ base64: body.toString("base64") }],
    });
    const answer = foldEvents(events);
    assert.equal(answer.text, "HELLO");
    assert.deepEqual(answer.usage, { inputTokens: 9, outputTokens: 6, cachedTokens: 8 });
    assert.equal(answer.finish?.finishReason, "stop");
  });

  test("llama-server's refusals are told apart", () => {
    const kindOf = (file: string): string => {
      const { status, body } = readRawAnswer(`llama-server/${file}`);
      return errorKind(status, readErrorBody(body.toString()));
    };
    assert.equal(kindOf("error-context-exceeded.http"), "context-length");
    assert.equal(kindOf("error-bad-messages.http"), "invalid-request");
    assert.equal(kindOf("404.http"), "invalid-request");
    assert.equal(kindOf("error-bad-json.http"), "server");
  });

  test("llama-server's list of models has the context window", () => {
    const json: JsonValue = JSON.parse(readRecording("llama-server/models.json").toString());
    const list = ADAPTERS["openai-chat"].readModels(json, wireTarget("llama-server"));
    assert.deepEqual(list?.models, [
      { ref: "llama-server/echo.gguf", provider: "llama-server", model: "echo.gguf", name: "echo.gguf", contextWindow: 2048 },
    ]);
  });
});
