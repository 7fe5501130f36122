// Hostile answers through the whole library, over real sockets: whatever a server does, the answer is numbered without a gap,
// ends with exactly one `end`, in time, without a fault of Parley's own, and leaves no socket behind.

import assert from "node:assert/strict";
import { createStandaloneEngine, type StandaloneEngine } from "../../sidecar/standalone-engine.ts";
import type { EndEvent, StreamEvent, TimeLimits } from "../../sidecar/types.ts";
import type { FakeWire } from "../support/fake-provider-script.ts";
import { RawServer, type RawConnection } from "../support/raw-server.ts";
import { PROVIDER_OF_WIRE } from "../support/wire-reading.ts";
import type { Material, Scenario } from "./scenario.ts";

/** Milliseconds. */
const TIME_LIMITS: TimeLimits = { connectMs: 30_000, firstTokenMs: 30_000, idleMs: 30_000 };
/** Milliseconds after which an answer counts as hung. Far beyond every limit, also on a busy machine. */
const DEADLINE_MS = 60_000;

/** The path tells the server which answer is asked for: `/17/v1/chat/completions`. */
const ASKED = /^POST \/(\d+)\/\S*\/(?:chat|completions|responses|messages)\b/u;

export class HostileServer {
  readonly #server: RawServer;
  readonly #library: StandaloneEngine = createStandaloneEngine({});
  readonly #plays = new Map<number, (connection: RawConnection) => Promise<void>>();
  #asked = 0;

  private constructor(server: RawServer) {
    this.#server = server;
    server.handler = async (connection) => {
      const play = this.#plays.get(Number(ASKED.exec(connection.request.head)?.[1] ?? -1));
      if (play !== undefined) return play(connection);
      await connection.write("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      return connection.end();
    };
  }

  static async start(): Promise<HostileServer> {
    return new HostileServer(await RawServer.start());
  }

  /** Answers that were asked for so far. */
  get asked(): number {
    return this.#asked;
  }

  /** One answer. Rejects, naming the scenario, unless it ends as it must. */
  async check(scenario: Scenario, material: Material): Promise<EndEvent> {
    const number = (this.#asked += 1);
    let fault: unknown;
    this.#plays.set(number, (connection) =>
      scenario.play(connection, material).catch((error: unknown) => {
        fault = error;
        connection.reset();
      }),
    );
    try {
      const events = await inTime(this.#read(number, material.wire, scenario), `${scenario.name} over ${material.wire}`);
      if (fault !== undefined) throw fault;
      return checkEvents(events, scenario);
    } catch (error) {
      const bytes = JSON.stringify(material.bytes.toString("latin1").slice(0, 4000));
      throw new Error(`${scenario.name} over ${material.wire}: ${String(error)}\n${bytes}`, { cause: error });
    } finally {
      this.#plays.delete(number);
    }
  }

  /** Rejects when a socket stays open at the server after the last answer. */
  async checkNoSocketLeft(): Promise<void> {
    await this.#server.drained();
  }

  async close(): Promise<void> {
    await this.#library.close();
    await this.#server.close();
  }

  async #read(number: number, wire: FakeWire, { limits }: Scenario): Promise<readonly StreamEvent[]> {
    const llm = this.#library.engine.llmAt(PROVIDER_OF_WIRE[wire], "m", {
      baseUrl: `${this.#server.origin}/${number}${wire === "ollama" || wire === "anthropic" ? "" : "/v1"}`,
      // A key of its own has a limiter of its own: what one answer teaches it does not slow down the others.
      key: `sk-${number}`,
      timeLimits: { ...TIME_LIMITS, ...limits },
      ...(wire === "openai-responses" ? { api: "responses" as const } : {}),
    });
    const events: StreamEvent[] = [];
    for await (const { event } of llm.stream("Hello")) {
      // Of an answer without an end the texts are not kept.
      events.push(event.type === "text-delta" ? { ...event, text: event.text.slice(0, 10) } : event);
    }
    return events;
  }
}

async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`hangs: ${what}`)), DEADLINE_MS);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

function checkEvents(events: readonly StreamEvent[], { ends }: Scenario): EndEvent {
  for (const [index, { seq }] of events.entries()) assert.equal(seq, index + 1, "the numbers have a gap");
  assert.equal(events[0]?.type, "start");
  const end = events.at(-1);
  assert.equal(events.filter(({ type }) => type === "end").length, 1, "there is not exactly one end");
  assert.ok(end?.type === "end", "the end is not the last event");
  const { status, error } = end;
  assert.notEqual(error?.providerCode, "internal", `Parley's own fault: ${error?.message}`);
  assert.equal(error !== undefined, status === "error" || status === "incomplete", `status ${status} and its error`);
  assert.notEqual(error?.message, "");
  JSON.stringify(events);
  assert.ok(ends?.(end) ?? true, `an end of another kind: ${JSON.stringify(end)}`);
  assert.ok(!("polluted" in {}), "an answer has changed what all objects have");
  return end;
}
