// Writes JSON-RPC messages in the framing of the Language Server Protocol. One call, one piece on the stream, in the order of
// the calls, at once: vscode-jsonrpc's own writer takes two writes and a turn of the event loop for each message, which a
// stream of tokens would pay each time.

import type { Writable } from "node:stream";
import { AbstractMessageWriter, type Message, type MessageWriter } from "vscode-jsonrpc/node";

export class FrameWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #stream: Writable;
  #errors = 0;

  constructor(stream: Writable) {
    super();
    this.#stream = stream;
    stream.on("error", (error) => this.fireError(error));
    stream.once("close", () => this.fireClose());
  }

  /** Resolves when the stream has taken the message; rejects when the stream is broken. */
  write(message: Message): Promise<void> {
    const body = JSON.stringify(message);
    const frame = `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    return new Promise((resolve, reject) => {
      this.#stream.write(frame, "utf8", (error) => {
        if (error === null || error === undefined) return resolve();
        this.fireError(error, message, ++this.#errors);
        reject(error);
      });
    });
  }

  end(): void {
    this.#stream.end();
  }
}
