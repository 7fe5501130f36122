// A thought that comes twice: by itself, and between tags at the beginning of the text (MiniMax at its own interface, and OpenCode's
// of it: can1357/oh-my-pi#2434, vellum-ai/vellum-assistant#34556). Whether what stands between the tags is that thought: only
// then it is no part of what is said. Their white space differs, so none of it counts.

import { ToldText } from "./told-text.ts";

/** Characters, white space aside: two thoughts that begin with the same ones are the same. */
const ENOUGH = 100;
const SPACE = /\s+/gu;

/** Up to where the thought in the text is known. `end`: the answer ends in the middle of it. */
export type Known = "more" | "closed" | "end";

export class RepeatedThought {
  /** How each of the two begins, without white space. */
  #byItself = "";
  #inText = "";
  readonly #read = new ToldText();
  /** Before anything came by itself, so that it was taken for a tag by then. */
  readonly #isOpen: boolean;

  constructor(isOpen: boolean) {
    this.#isOpen = isOpen;
  }

  /** More of the reasoning that comes by itself. */
  cameByItself(text: string): void {
    if (!this.knowsEnough) this.#byItself = beginning(this.#byItself, text);
  }

  /** Of what comes by itself nothing more has to be told. */
  get knowsEnough(): boolean {
    return this.#byItself.length === ENOUGH;
  }

  /** The tag that opens the thought in the text, as it came. */
  opens(tag: string): void {
    this.#read.add(tag);
  }

  /** More of the thought in the text. */
  cameInText(text: string): void {
    if (this.#inText.length === ENOUGH) return;
    this.#inText = beginning(this.#inText, text);
    this.#read.add(text);
  }

  /** What came in the text, the tag included, as long as it may be something else than the thought. */
  get read(): string {
    return this.#read.text;
  }

  isSomethingElse(known: Known): boolean {
    const one = this.#byItself;
    const other = this.#inText;
    if (known === "closed" || other.length === ENOUGH) return one !== other && !(this.#isOpen && other === "");
    return !one.startsWith(other) && (known === "end" || !other.startsWith(one));
  }
}

function beginning(before: string, text: string): string {
  return (before + text.replaceAll(SPACE, "")).slice(0, ENOUGH);
}
