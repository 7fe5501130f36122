// The text of an answer being written. Tokens are only noted as they come; they become text when somebody takes it, which is
// while the next token is being computed.

import type { LlamaModel, Token } from "node-llama-cpp";
import { TextStop, type StoppedText } from "../text-stop.ts";
import { TokenText } from "./token-text.ts";

export class AnswerText {
  /** Whether each token must be looked at as it comes, because a text may end the answer. */
  readonly watchesStops: boolean;
  readonly #text: TokenText;
  readonly #stop: TextStop;
  #noted: Token[] = [];

  constructor(model: LlamaModel, prompt: readonly Token[], stops: readonly string[]) {
    this.watchesStops = stops.length > 0;
    this.#text = new TokenText(model, prompt);
    this.#stop = new TextStop(stops);
  }

  note(token: Token): void {
    this.#noted.push(token);
  }

  /** What was noted since the last call, as far as it is sure. Nothing may be noted after it was stopped. */
  take(): StoppedText {
    const tokens = this.#noted;
    this.#noted = [];
    return this.#stop.push(tokens.map((token) => this.#text.push(token)).join(""));
  }

  /** The end of the answer, with what was held back because it could have become something else. */
  rest(): string {
    const { text } = this.take();
    return text + this.#stop.push(this.#text.rest()).text + this.#stop.rest();
  }
}
