// Writes one answer of the fake provider: headers, steps, cuts, and the splitting of bytes.

import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FakeGates } from "./fake-provider-gates.ts";
import { wholeAnswer, type FakeAnswer, type FakeRequest, type FakeStep } from "./fake-provider-script.ts";
import { createWireWriter, type WireWriter } from "./fake-provider-wires.ts";

export class FakeAnswerWriter {
  readonly #request: { -readonly [K in keyof FakeRequest]: FakeRequest[K] };
  readonly #response: ServerResponse;
  readonly #socket: Socket | null;
  readonly #gates: FakeGates;
  readonly #closed: Promise<void>;

  constructor(request: FakeRequest, response: ServerResponse, gates: FakeGates, closed: Promise<void>) {
    this.#request = request;
    this.#response = response;
    this.#socket = response.socket;
    this.#gates = gates;
    this.#closed = closed;
  }

  async write(answer: FakeAnswer): Promise<void> {
    if (answer.holdHeaders !== undefined) await this.#gates.wait(answer.holdHeaders, this.#closed);
    if (!this.#alive()) return;
    const { route } = this.#request;
    const isStream = answer.body === undefined && route !== "models" && route !== "other";
    if (!isStream) {
      const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {});
      this.#response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers });
      await this.#send(Buffer.from(text), answer);
      this.#response.end();
      return;
    }
    const wire = createWireWriter(route, this.#request.body);
    this.#response.writeHead(answer.status ?? 200, { "content-type": wire.contentType, "cache-control": "no-cache", ...answer.headers });
    this.#response.flushHeaders();
    const steps = answer.steps ?? wholeAnswer(answer.text ?? "");
    let opened = false;
    for (const step of steps) {
      if (!this.#alive()) return;
      if (!opened && needsOpening(step)) {
        opened = true;
        await this.#send(Buffer.from(wire.open()), answer);
      }
      await this.#step(step, wire, answer);
    }
    if (this.#alive()) this.#response.end();
  }

  async #step(step: FakeStep, wire: WireWriter, answer: FakeAnswer): Promise<void> {
    if ("gate" in step) {
      await this.#gates.wait(step.gate, this.#closed);
    } else if ("pauseMs" in step) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, step.pauseMs);
      await Promise.race([promise, this.#closed]);
      clearTimeout(timer);
    } else if ("cut" in step) {
      this.#request.state = "cut";
      if (step.cut === "reset") this.#socket?.resetAndDestroy();
      else this.#socket?.destroy();
    } else {
      await this.#send(bytesOf(step, wire), answer);
      if ("text" in step) this.#request.textSentAt = [...this.#request.textSentAt, performance.now()];
    }
  }

  async #send(bytes: Buffer, answer: FakeAnswer): Promise<void> {
    const first = this.#request.bytesSent;
    const { split } = answer;
    const cuts =
      split === "bytes"
        ? Array.from({ length: bytes.length }, (_, at) => at + 1)
        : [...(split ?? []).map((at) => at - first).filter((at) => at > 0 && at < bytes.length), bytes.length];
    let from = 0;
    for (const to of cuts) {
      if (to === from) continue;
      if (!this.#alive()) return;
      await this.#flush(bytes.subarray(from, to));
      this.#request.bytesSent = first + to;
      // Another turn or two of the event loop, so that the pieces leave in writes of their own.
      if (split !== undefined) await nextTurns();
      from = to;
    }
  }

  async #flush(piece: Buffer): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    // The callback also comes with an error, when the client has gone; `close` then says what became of the answer.
    this.#response.write(piece, () => resolve());
    await Promise.race([promise, this.#closed]);
  }

  #alive(): boolean {
    return this.#request.state === "open" && !this.#response.destroyed;
  }
}

function needsOpening(step: FakeStep): boolean {
  return "text" in step || "reasoning" in step || "toolCall" in step || "finish" in step;
}

function bytesOf(step: Exclude<FakeStep, { gate: string } | { pauseMs: number } | { cut: string }>, wire: WireWriter): Buffer {
  if ("base64" in step) return Buffer.from(step.base64, "base64");
  if ("raw" in step) return Buffer.from(step.raw);
  if ("text" in step) return Buffer.from(wire.text(step.text));
  if ("reasoning" in step) return Buffer.from(wire.reasoning(step.reasoning));
  if ("toolCall" in step) return Buffer.from(wire.toolCall(step.toolCall));
  if ("usage" in step) return Buffer.from(wire.usage(step.usage));
  if ("finish" in step) return Buffer.from(wire.finish(step.finish));
  return Buffer.from(wire.streamError(step.streamError));
}

async function nextTurns(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    setImmediate(resolve);
    await promise;
  }
}
