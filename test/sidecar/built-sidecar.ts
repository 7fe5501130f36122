// The built sidecar as a real child process, spoken to over its file descriptor 3 as the editor's extension does.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { Duplex } from "node:stream";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { createMessageConnection, type MessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import {
  AckStream,
  AttachStream,
  CreateSession,
  type ChatAnswer,
  Initialize,
  type InitializeParams,
  type InitializeResult,
  PROTOCOL_VERSION,
  SendChat,
  StreamEvents,
} from "../../sidecar/protocol.ts";
import type { StreamEvent } from "../../sidecar/types.ts";
import { until } from "../support/until.ts";

const builtBundle = fileURLToPath(new URL("../../dist/sidecar.mjs", import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class BuiltSidecar {
  readonly child: ChildProcess;
  readonly pipe: Duplex;
  readonly connection: MessageConnection;
  readonly exited: Promise<Exit>;
  /** Settles when it has written the last of its logs, which may be read a while after its exit. */
  readonly logged: Promise<unknown>;
  hasExited = false;
  /** Both of its logs, as far as they were read. */
  output = "";
  readonly events: StreamEvent[] = [];

  constructor(flags: readonly string[] = [], bundle: string = builtBundle) {
    assert.ok(existsSync(bundle), "These tests are about the built sidecar: run `npm run build` first.");
    this.child = spawn(process.execPath, [...flags, bundle], {
      env: { PATH: process.env["PATH"] },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const pipe = this.child.stdio[3];
    assert.ok(pipe instanceof Duplex);
    this.pipe = pipe;
    // A killed sidecar resets it.
    pipe.on("error", () => {});
    const { stdout, stderr } = this.child;
    assert.ok(stdout !== null && stderr !== null);
    for (const log of [stdout, stderr]) log.on("data", (text) => (this.output += String(text)));
    this.logged = Promise.all([stdout, stderr].map((log) => new Promise((resolve) => log.once("close", resolve))));
    this.exited = new Promise((resolve) => {
      this.child.once("exit", (code, signal) => {
        this.hasExited = true;
        resolve({ code, signal });
        // What waits for an answer would wait for ever.
        setImmediate(() => this.connection.dispose());
      });
    });
    this.connection = createMessageConnection(new StreamMessageReader(pipe), new StreamMessageWriter(pipe));
    this.connection.onNotification(StreamEvents, ({ reader, events }) => {
      this.events.push(...events);
      void this.connection.sendNotification(AckStream, { reader, seq: events.at(-1)?.seq ?? 0 }).catch(() => {});
    });
    this.connection.listen();
  }

  /** With the fake provider's address as that of the provider `openai-compatible`. */
  shakeHands(given: Partial<InitializeParams> & { readonly baseUrl?: string } = {}): Promise<InitializeResult> {
    const { baseUrl, ...rest } = given;
    return this.connection.sendRequest(Initialize, {
      protocolVersion: PROTOCOL_VERSION,
      client: { name: "test", version: "0" },
      parentPid: process.pid,
      storeFolder: null,
      settings: { providers: baseUrl === undefined ? {} : { "openai-compatible": { baseUrl } }, concurrency: 4, localModels: [] },
      ...rest,
    });
  }

  /** A question to the fake provider in a new conversation, its answer attached to. */
  async ask(text: string): Promise<ChatAnswer> {
    const { session } = await this.connection.sendRequest(CreateSession, { model: "openai-compatible/fake-model" });
    const answer = await this.connection.sendRequest(SendChat, { session: session.id, content: [{ type: "text", text }] });
    const { stream } = answer.assistant;
    assert.ok(stream !== undefined);
    await this.connection.sendRequest(AttachStream, { ...stream, reader: "r", afterSeq: 0 });
    return answer;
  }

  async untilText(text: string): Promise<void> {
    await until(() => this.text === text, `the text "${text}"`);
  }

  async untilEnd(): Promise<Extract<StreamEvent, { type: "end" }>> {
    await until(() => this.events.at(-1)?.type === "end", "the end of the answer");
    const last = this.events.at(-1);
    assert.ok(last?.type === "end");
    return last;
  }

  get text(): string {
    return this.events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  }

  /** Resident memory in MB, where the system tells it. */
  get memory(): number | undefined {
    const file = `/proc/${this.child.pid}/status`;
    const kilobytes = existsSync(file) ? /VmRSS:\s+(\d+)/.exec(readFileSync(file, "utf8"))?.[1] : undefined;
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  }
}

/** Killed with the test, whatever has become of it. */
export function startSidecar(context: TestContext, flags: readonly string[] = []): BuiltSidecar {
  const sidecar = new BuiltSidecar(flags);
  context.after(async () => {
    sidecar.child.kill("SIGKILL");
    await sidecar.exited;
    sidecar.connection.dispose();
  });
  return sidecar;
}
