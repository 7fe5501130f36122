// The text of an answer so far, kept in case it has to be taken back. Added to with every token, read seldom: a string that grows
// by each token would keep each of its pieces, at ten times the size of the text.

/** Pieces that are kept as they came before they become one. */
const MOST_PIECES = 16;

export class ToldText {
  readonly #joined: string[] = [];
  readonly #pieces: string[] = [];

  add(text: string): void {
    this.#pieces.push(text);
    if (this.#pieces.length < MOST_PIECES) return;
    this.#joined.push(this.#pieces.join(""));
    this.#pieces.length = 0;
  }

  get text(): string {
    return this.#joined.join("") + this.#pieces.join("");
  }

  get isEmpty(): boolean {
    return this.#joined.length === 0 && this.#pieces.length === 0;
  }

  clear(): void {
    this.#joined.length = 0;
    this.#pieces.length = 0;
  }
}
