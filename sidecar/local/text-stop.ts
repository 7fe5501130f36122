// Ends a text at the first of some stop texts, which may arrive in pieces: what could be the beginning of one is held back.

export interface StoppedText {
  /** Sure to be part of the answer. */
  readonly text: string;
  /** A stop text came; nothing after it counts. */
  readonly stopped: boolean;
}

export class TextStop {
  readonly #stops: readonly string[];
  #held = "";

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== "");
  }

  push(piece: string): StoppedText {
    const text = this.#held + piece;
    const at = this.#firstStop(text);
    if (at >= 0) {
      this.#held = "";
      return { text: text.slice(0, at), stopped: true };
    }
    const kept = text.length - this.#possibleStart(text);
    this.#held = text.slice(kept);
    return { text: text.slice(0, kept), stopped: false };
  }

  /** What was held back: the answer ended, so it began no stop text. */
  rest(): string {
    const rest = this.#held;
    this.#held = "";
    return rest;
  }

  #firstStop(text: string): number {
    const places = this.#stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    return places.length === 0 ? -1 : Math.min(...places);
  }

  /** How many characters at the end could begin a stop text. */
  #possibleStart(text: string): number {
    let longest = 0;
    for (const stop of this.#stops) {
      for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
        if (text.endsWith(stop.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}
