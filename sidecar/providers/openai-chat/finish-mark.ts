// Whether the finish reason that came is the end. By the standard it comes once, with the last choice or behind it. Servers and
// gateways exist that write one into every chunk (su-kaka/gcli2api#403), or into those of the reasoning (open-webui/open-webui#16377):
// a reason that more of the answer follows was none, and whoever has once sent such a reason is not believed beside content. One that
// says that the server gave the answer up is none either.

import { isGivenUp } from "./finish-reason.ts";

export class FinishMark {
  #reason: string | null = null;
  /** Nothing of the answer came behind the reason. */
  #stands = false;
  /** It came without content, or with the figures behind it: not one of those that stand in every chunk. */
  #isBare = false;
  #isGivenUp = false;
  /** Content once came behind a reason. */
  #wasBelied = false;

  /** The reason that came last, also one that was none; null: none has come. */
  get reason(): string | null {
    return this.#reason;
  }

  /** The server itself stopped the answer where it was, also if a mark of the end follows. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** The answer is whole, as far as can be told. */
  get stands(): boolean {
    return this.#stands;
  }

  /** Nothing speaks for more to come, but for figures. */
  get isCertain(): boolean {
    return this.#stands && this.#isBare && !this.#wasBelied;
  }

  /** `besideContent`: its own choice brought some of the answer. */
  set(reason: string, besideContent: boolean): void {
    this.#reason = reason;
    this.#isGivenUp = isGivenUp(reason);
    this.#isBare = !besideContent;
    this.#stands = !this.#isGivenUp && (!besideContent || !this.#wasBelied);
  }

  /** The figures came in a record of their own, which is the last one by the standard: whatever reason came before it is one. */
  counted(): void {
    if (this.#reason === null || this.#isGivenUp) return;
    this.#stands = true;
    this.#isBare = true;
  }

  /** Some of the answer came. Cheap enough for every token. */
  content(): void {
    if (!this.#stands) return;
    this.#stands = false;
    this.#wasBelied = true;
  }
}
