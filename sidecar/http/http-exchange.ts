// One HTTP request and its answer, read piece by piece.
//
// It stands on undici's `dispatch`, which undici's own `request` is made of, because three things cannot be had above it:
// to know when a connection stands (the time limit for connecting ends there), to give up before it stands, and to read
// what has come without a stream in between. Measured against `request` with an async iterator over its body, 400 streams
// of one token each 20 ms took a fifth less CPU.

import type { Dispatcher } from "undici";
import type { Berth, ConnectionOwner } from "./connector.ts";
import type { HttpHeaders } from "./headers.ts";
import type { Breakable } from "./tunnel.ts";

export interface HttpHead {
  readonly status: number;
  readonly headers: HttpHeaders;
}

/** Hears of an exchange what does not depend on its reader. */
export interface ExchangeWatcher {
  /** So much lies unread that the socket is told to wait, or something has for long; or no longer. */
  heldBack(isHeldBack: boolean): void;
  /** Once: nothing more will come, whether all of it was read or not. */
  over(): void;
}

/** Bytes that may lie unread before the socket is told to wait. */
const UNREAD_BYTES = 256 * 1024;
/** What may still come after the answer is whole, so that the connection can be used again. */
const DRAIN_BYTES = 64 * 1024;
const DRAIN_MS = 2000;

const givenUp = (): void => {};

/** Its methods that begin with `on` are called by undici alone, which takes it for the handler of the request. */
export class HttpExchange implements ConnectionOwner, Dispatcher.DispatchHandler {
  /** Resolves with status and headers; rejects as `read` does. */
  readonly head: Promise<HttpHead>;

  readonly #onConnected: () => void;
  readonly #onClosed: (exchange: HttpExchange) => void;
  readonly #resolveHead: (head: HttpHead) => void;
  readonly #rejectHead: (error: Error) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #berth: Berth | null = null;
  #connecting: Breakable | null = null;
  #waitingForProxy: string | null = null;
  #unread: Buffer[] = [];
  #unreadBytes = 0;
  #wake: (() => void) | null = null;
  #ended = false;
  #error: Error | null = null;
  #closed = false;
  /** Bytes left to pass over; null while the body is being read. */
  #draining: number | null = null;
  #watcher: ExchangeWatcher | null = null;
  #isHeldBack = false;

  /** `onConnected` is called when the request is about to be written; `onClosed` once, when the exchange holds no connection any more. */
  constructor(onConnected: () => void, onClosed: (exchange: HttpExchange) => void) {
    this.#onConnected = onConnected;
    this.#onClosed = onClosed;
    const { promise, resolve, reject } = Promise.withResolvers<HttpHead>();
    this.head = promise;
    this.#resolveHead = resolve;
    this.#rejectHead = reject;
    // Whoever gave up before the headers came does not wait for them any more.
    promise.catch(givenUp);
  }

  /** Where it waits until its request is written or it ends; a connection is opened for whoever waits there. */
  waitAt(berth: Berth): void {
    berth.owner = this;
    this.#berth = berth;
  }

  /** What is being opened for this exchange alone. */
  connectingBy(step: Breakable, proxy: string | null): void {
    this.#connecting = step;
    this.#waitingForProxy = proxy;
  }

  /** The proxy, for people, that has not yet opened the way; null where none is waited for. */
  get waitingForProxy(): string | null {
    return this.#waitingForProxy;
  }

  /** From here on the watcher hears what happens, and at once where it is over. */
  watchBy(watcher: ExchangeWatcher): void {
    this.#watcher = watcher;
    if (this.#ended) watcher.over();
  }

  /**
   * What has come since the last call, waiting for something if need be; null when the body has ended. Rejects with the
   * reason of `abort`, or with what broke the connection, after everything that came before it was read.
   */
  async read(): Promise<readonly Buffer[] | null> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (!this.ready(resolve)) await promise;
    return this.take();
  }

  /** The two halves of `read`, for whoever reads each token; see `Pulled`. */
  ready(wake: () => void): boolean {
    if (this.#unread.length > 0 || this.#ended) return true;
    this.#wake = wake;
    return false;
  }

  /** Something has come that nobody has taken yet. */
  get hasUnread(): boolean {
    return this.#unread.length > 0;
  }

  /** To be called when it is `ready`. Throws as `read` rejects. */
  take(): readonly Buffer[] | null {
    if (this.#unread.length === 0) {
      if (this.#error !== null) throw this.#error;
      return null;
    }
    // Not `[]` for what comes next: V8 would see that such an array lives until the next token, put all of them among the
    // old, and let each keep its pieces until the whole heap is tidied up: 200 MB more with a thousand streams.
    const pieces = this.#unread.splice(0);
    this.#unreadBytes = 0;
    if (this.#isHeldBack) this.#goOn();
    return pieces;
  }

  /** What has come was not taken for long: whatever the server does, the answer waits for its reader. */
  toldUnread(): void {
    if (this.#isHeldBack || this.#ended) return;
    this.#isHeldBack = true;
    this.#watcher?.heldBack(true);
  }

  /** Closes the socket at once. What came and was not read yet is gone. Does nothing after the end. */
  abort(reason: Error): void {
    if (this.#ended) return;
    this.#unread = [];
    this.#unreadBytes = 0;
    const controller = this.#controller;
    const connecting = this.#connecting;
    this.#end(reason);
    // Before the connection stands undici has no way to give up, except that the socket breaks.
    if (controller === null) connecting?.destroy(reason);
    else controller.abort(reason);
  }

  /** Whoever asked is gone: closes the socket, unless the answer is whole and only its connection is being tidied up. */
  abandon(): void {
    if (this.#draining === null && !this.#ended) this.abort(new Error("Nobody reads this answer any more."));
  }

  /** The answer is whole: passes over what still comes, within bounds, so that the connection can serve the next request. */
  drain(): void {
    if (this.#ended) return;
    this.#unread = [];
    this.#draining = DRAIN_BYTES;
    const timer = setTimeout(() => this.abort(new Error("The connection stayed open after the answer.")), DRAIN_MS);
    timer.unref();
    this.#wake = () => clearTimeout(timer);
    if (this.#controller?.paused === true) this.#controller.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#leaveBerth();
    this.#connecting = null;
    this.#waitingForProxy = null;
    if (this.#error === null) {
      this.#controller = controller;
      this.#onConnected();
    } else {
      controller.abort(this.#error);
    }
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: HttpHeaders): void {
    // Nobody reads them as they came, and each is a view on what the first read brought: all of it would lie there until the end.
    controller.rawHeaders = null;
    // 1xx answers precede the real one.
    if (status >= 200) this.#resolveHead({ status, headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#ended) return;
    if (this.#draining !== null) {
      this.#draining -= bytes.length;
      if (this.#draining < 0) this.abort(new Error("Too much came after the answer."));
      return;
    }
    this.#unread.push(bytes);
    this.#unreadBytes += bytes.length;
    if (this.#unreadBytes > UNREAD_BYTES) this.#holdBack(controller);
    this.#wakeReader();
  }

  onResponseEnd(): void {
    this.#end(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end(error);
  }

  #end(error: Error | null): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#error = error;
      if (error !== null) this.#rejectHead(error);
      this.#wakeReader();
      this.#watcher?.over();
    }
    if (this.#closed) return;
    this.#closed = true;
    this.#leaveBerth();
    this.#onClosed(this);
  }

  #holdBack(controller: Dispatcher.DispatchController): void {
    if (!controller.paused) controller.pause();
    if (this.#isHeldBack) return;
    this.#isHeldBack = true;
    // Much may come in one turn; whoever reads as it comes takes all of it then.
    setImmediate(() => {
      if (this.#isHeldBack && !this.#ended) this.#watcher?.heldBack(true);
    });
  }

  #goOn(): void {
    this.#isHeldBack = false;
    if (this.#controller?.paused === true) this.#controller.resume();
    this.#watcher?.heldBack(false);
  }

  #leaveBerth(): void {
    if (this.#berth?.owner === this) this.#berth.owner = null;
    this.#berth = null;
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
