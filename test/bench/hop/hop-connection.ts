// The built sidecar as a child, spoken to over its file descriptor 3 with the very connection that the editor's extension makes.
// Each answer is checked while it is read: its numbers follow each other, none is missing, its text is as long as what was sent.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { createMessageConnection, type MessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import {
  AckStream,
  AttachStream,
  CreateSession,
  Initialize,
  PROTOCOL_VERSION,
  SendChat,
  Shutdown,
  StreamEvents,
} from "../../../sidecar/protocol.ts";
import type { StreamEvent } from "../../../sidecar/types.ts";
import { PROMPT } from "../clients/client.ts";
import { textLength } from "../server/wires.ts";

export interface HopOptions {
  readonly sidecar: string;
  readonly sidecarFlags: readonly string[];
  readonly storeFolder: string | null;
  /** Addresses by the names that `ask` takes. */
  readonly servers: Readonly<Record<string, string>>;
}

/** An answer that is being read. */
export class HopAnswer {
  tokens = 0;
  /** While true nothing is acknowledged. */
  stalled = false;
  /** `performance.now()` at the first text; 0 before. */
  firstTextAt = 0;
  readonly ended: Promise<void>;
  readonly #pieces: number;
  readonly #acknowledge: (seq: number) => void;
  readonly #end = Promise.withResolvers<void>();
  #characters = 0;
  #seq = 0;

  constructor(pieces: number, acknowledge: (seq: number) => void) {
    this.#pieces = pieces;
    this.#acknowledge = acknowledge;
    this.ended = this.#end.promise;
    // Whoever waits for something else first is told later.
    this.ended.catch(() => {});
  }

  take(events: readonly StreamEvent[]): void {
    for (const event of events) {
      if (event.seq !== this.#seq + 1) this.#end.reject(new Error(`Event ${event.seq} came after event ${this.#seq}.`));
      this.#seq = event.seq;
      if (event.type === "text-delta") {
        this.firstTextAt ||= performance.now();
        this.tokens += 1;
        this.#characters += event.text.length;
      } else if (event.type === "end") {
        this.#check(event.status);
      }
    }
    if (!this.stalled) this.#acknowledge(this.#seq);
  }

  /** Goes on after a stall. */
  resume(): void {
    this.stalled = false;
    this.#acknowledge(this.#seq);
  }

  fail(error: unknown): void {
    this.#end.reject(error instanceof Error ? error : new Error(String(error)));
  }

  #check(status: string): void {
    const wanted = textLength(this.#pieces);
    if (status === "complete" && this.tokens === this.#pieces && this.#characters === wanted) this.#end.resolve();
    else this.fail(`${this.tokens} of ${this.#pieces} tokens, ${this.#characters} of ${wanted} characters came; ${status}.`);
  }
}

export class HopConnection {
  readonly pipe: Duplex;
  readonly #child: ChildProcess;
  readonly #connection: MessageConnection;
  readonly #answers = new Map<string, HopAnswer>();
  #opened = 0;

  private constructor(child: ChildProcess, pipe: Duplex) {
    this.#child = child;
    this.pipe = pipe;
    this.#connection = createMessageConnection(new StreamMessageReader(pipe), new StreamMessageWriter(pipe));
    this.#connection.onNotification(StreamEvents, ({ reader, events }) => this.#answers.get(reader)?.take(events));
    this.#connection.listen();
    child.once("exit", () => {
      for (const answer of this.#answers.values()) answer.fail("The sidecar has ended.");
      // What waits for a reply would wait for ever.
      this.#connection.dispose();
    });
  }

  static async start({ sidecar, sidecarFlags, storeFolder, servers }: HopOptions): Promise<HopConnection> {
    const child = spawn(process.execPath, [...sidecarFlags, sidecar], { stdio: ["ignore", "ignore", "inherit", "pipe"] });
    const pipe = child.stdio[3];
    if (!(pipe instanceof Duplex)) throw new Error("The sidecar has no pipe.");
    const hop = new HopConnection(child, pipe);
    const providers = Object.entries(servers).map(([id, baseUrl]) => [id, { preset: "openai-compatible", baseUrl, concurrency: 10_000 }]);
    await hop.#connection.sendRequest(Initialize, {
      protocolVersion: PROTOCOL_VERSION,
      client: { name: "bench", version: "0" },
      parentPid: process.pid,
      storeFolder,
      settings: { providers: Object.fromEntries(providers), concurrency: 10_000, localModels: [] },
    });
    return hop;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** A new conversation with the model of one of the servers. Its id. */
  async converse(server: string): Promise<string> {
    const { session } = await this.#connection.sendRequest(CreateSession, { model: `${server}/bench-model` });
    return session.id;
  }

  /** Asks, and reads the answer, which will have so many pieces. */
  async ask(session: string, pieces: number): Promise<HopAnswer> {
    const { assistant } = await this.#connection.sendRequest(SendChat, { session, content: [{ type: "text", text: PROMPT }] });
    if (assistant.stream === undefined) throw new Error("The answer has no stream.");
    this.#opened += 1;
    const reader = `reader-${this.#opened}`;
    const answer = new HopAnswer(pieces, (seq) => void this.#connection.sendNotification(AckStream, { reader, seq }));
    this.#answers.set(reader, answer);
    answer.ended.then(
      () => this.#answers.delete(reader),
      () => this.#answers.delete(reader),
    );
    this.#connection.sendRequest(AttachStream, { ...assistant.stream, reader, afterSeq: 0 }).catch((error: unknown) => answer.fail(error));
    return answer;
  }

  async close(): Promise<void> {
    const exited = once(this.#child, "exit");
    await this.#connection.sendRequest(Shutdown, null);
    await exited;
  }
}
