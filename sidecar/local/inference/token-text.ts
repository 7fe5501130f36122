// The text of tokens as they come. A token can end inside a character: its bytes wait for the rest.

import type { LlamaModel, Token } from "node-llama-cpp";

/** What the detokenizer writes for bytes that are no whole character. */
const BROKEN = "\uFFFD";
/** A character has at most four bytes, and a token at least one: more tokens than that are no cut character. */
const MOST_PENDING = 4;
/** How many earlier tokens decide about a space before the next. */
const LOOK_BACK = 3;

export class TokenText {
  readonly #model: LlamaModel;
  #before: readonly Token[];
  #pending: Token[] = [];

  constructor(model: LlamaModel, prompt: readonly Token[]) {
    this.#model = model;
    this.#before = prompt.slice(-LOOK_BACK);
  }

  push(token: Token): string {
    this.#pending.push(token);
    const text = this.#model.detokenize(this.#pending, false, this.#before);
    return text.endsWith(BROKEN) && this.#pending.length < MOST_PENDING ? "" : this.#taken(text);
  }

  /** What still waits, whole or not. */
  rest(): string {
    return this.#pending.length === 0 ? "" : this.#taken(this.#model.detokenize(this.#pending, false, this.#before));
  }

  #taken(text: string): string {
    this.#before = [...this.#before, ...this.#pending].slice(-LOOK_BACK);
    this.#pending = [];
    return text;
  }
}
