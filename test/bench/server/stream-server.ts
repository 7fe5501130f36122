// The provider that every client of the benchmark asks, in a process of its own. It writes pre-rendered buffers to bare sockets,
// so that what it costs itself is as little as can be. The path of a request says what is wanted:
// `/PIECES/EACH_STEP/STEPS/…`: so many pieces of text, either so many at each of the pacer's steps, or at each second, third …
// step, or (0) as fast as they are taken.
// It speaks with whoever forked it: its port first, then an answer to each `QuietRequest`. It ends with the channel.

import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { clock } from "../clock.ts";
import { type Paced, Pacer } from "./pacer.ts";
import { BLOCK_PIECES, type RenderedWire, WIRES } from "./wires.ts";

export interface ServerReady {
  readonly type: "ready";
  readonly port: number;
}
/** Answered when no stream is being sent, or after `limitMs`. */
export interface QuietRequest {
  readonly type: "quiet";
  readonly limitMs: number;
}
export interface QuietReply {
  readonly type: "quiet";
  /** Streams that are being sent all the same. */
  readonly open: number;
  /** When the last socket was closed on which a stream was being sent, by `clock`. */
  readonly closedAt: number;
}

const NOT_FOUND = Buffer.from("HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}");

const pacer = new Pacer();
const running = new Set<Answer>();
let closedAt = 0;
let quiet: (() => void) | undefined;

/** What a path asks for. */
interface Pace {
  readonly pieces: number;
  readonly eachStep: number;
  readonly steps: number;
}

class Answer implements Paced {
  readonly #socket: Socket;
  readonly #wire: RenderedWire;
  readonly #pace: Pace;
  readonly #ended: () => void;
  #left: number;
  #sent = 0;
  #steps = 0;
  #opened = false;
  #closing = 0;
  #over = false;

  constructor(socket: Socket, wire: RenderedWire, pace: Pace, ended: () => void) {
    this.#socket = socket;
    this.#wire = wire;
    this.#pace = pace;
    this.#left = pace.pieces;
    this.#ended = ended;
    running.add(this);
  }

  start(): void {
    const { head, opening } = this.#wire;
    if (this.#pace.eachStep > 0) {
      this.#socket.write(head);
      pacer.add(this);
      return;
    }
    // The first piece goes with the headers: until it has come nothing else counts.
    this.#socket.write(Buffer.concat([head, opening, ...(this.#left > 0 ? [this.#piece()] : [])]));
    this.#flood();
  }

  /** One step of a paced answer. */
  step(): boolean {
    if (this.#over) return false;
    this.#steps += 1;
    if (this.#steps % this.#pace.steps !== 0) return true;
    const { opening, closing } = this.#wire;
    if (!this.#opened) {
      this.#opened = true;
      this.#socket.write(opening);
    } else if (this.#left > 0) {
      const count = Math.min(this.#left, this.#pace.eachStep);
      this.#socket.write(count === 1 ? this.#piece() : Buffer.concat(Array.from({ length: count }, () => this.#piece())));
    } else if (this.#closing === 0) {
      this.#closing = 1;
      this.#socket.write(closing[0]);
    } else {
      this.#socket.write(closing[1]);
      this.#end();
    }
    return !this.#over;
  }

  /** The socket is gone. */
  broken(): void {
    if (this.#over) return;
    closedAt = clock();
    if (this.#pace.eachStep > 0) pacer.remove(this);
    this.#end();
  }

  #flood(): void {
    while (this.#left > 0 && !this.#over) {
      const whole = this.#left >= BLOCK_PIECES && this.#sent % this.#wire.pieces.length === 0;
      if (whole) this.#left -= BLOCK_PIECES;
      if (!this.#socket.write(whole ? this.#wire.block : this.#piece())) {
        this.#socket.once("drain", () => this.#flood());
        return;
      }
    }
    if (this.#over) return;
    this.#socket.write(Buffer.concat(this.#wire.closing));
    this.#end();
  }

  #piece(): Buffer {
    const { pieces } = this.#wire;
    this.#left -= 1;
    const piece = pieces[this.#sent % pieces.length];
    this.#sent += 1;
    return piece ?? Buffer.alloc(0);
  }

  #end(): void {
    this.#over = true;
    running.delete(this);
    if (running.size === 0) quiet?.();
    this.#ended();
  }
}

/** One request after the other on one connection. Requests carry their length; more than that no client of the benchmark does. */
function serve(socket: Socket): void {
  let received: Buffer = Buffer.alloc(0);
  let answer: Answer | undefined;
  const next = (): void => {
    if (answer !== undefined) return;
    const end = received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = received.toString("latin1", 0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (received.length < end + 4 + length) return;
    received = received.subarray(end + 4 + length);
    const [, pieces, eachStep, steps, path] = /^POST \/(\d+)\/(\d+)\/([1-9]\d*)(\/\S*) /.exec(head) ?? [];
    const wire = Object.values(WIRES).find((one) => path === one.path);
    if (wire === undefined) {
      socket.write(NOT_FOUND);
      setImmediate(next);
      return;
    }
    answer = new Answer(socket, wire, { pieces: Number(pieces), eachStep: Number(eachStep), steps: Number(steps) }, () => {
      answer = undefined;
      setImmediate(next);
    });
    answer.start();
  };
  socket.setNoDelay(true);
  socket.on("data", (bytes) => {
    received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
    next();
  });
  // A client that gives up resets the connection.
  socket.on("error", () => {});
  socket.once("close", () => answer?.broken());
}

process.on("message", ({ limitMs }: QuietRequest) => {
  const reply = (): void => {
    clearTimeout(timer);
    quiet = undefined;
    const message: QuietReply = { type: "quiet", open: running.size, closedAt };
    process.send?.(message);
  };
  const timer = setTimeout(reply, limitMs);
  quiet = reply;
  if (running.size === 0) reply();
});
process.once("disconnect", () => process.exit(0));

const server = createServer(serve);
// A thousand clients connect at once.
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 });
await once(server, "listening");
const address = server.address();
const ready: ServerReady = { type: "ready", port: typeof address === "object" && address !== null ? address.port : 0 };
process.send?.(ready);
