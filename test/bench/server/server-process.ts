// The stream server, from the side of whoever started it.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { QuietReply, QuietRequest, ServerReady } from "./stream-server.ts";

export class ServerProcess {
  readonly origin: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.origin = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<ServerProcess> {
    const child = fork(fileURLToPath(new URL("stream-server.ts", import.meta.url)), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const [ready]: ServerReady[] = await once(child, "message");
    if (ready === undefined) throw new Error("The server has told no port.");
    return new ServerProcess(child, ready.port);
  }

  /** Waits until no stream is being sent, at most so long. */
  async quiet(limitMs: number): Promise<QuietReply> {
    const request: QuietRequest = { type: "quiet", limitMs };
    this.#child.send(request);
    const [reply]: QuietReply[] = await once(this.#child, "message");
    if (reply === undefined) throw new Error("The server has told nothing.");
    return reply;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }
}
