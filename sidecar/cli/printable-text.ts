// What a terminal may be given of a text that a model or a server wrote: letters, line breaks and tabs. Everything else that a
// terminal acts on is left out, since a text must not move the cursor over what stands there, rename the window, or write to
// the clipboard. The sequences are those of ECMA-48 (5th edition, 5.3 to 5.6), in their 7-bit and their 8-bit form.

const BELL = 0x07;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const CANCEL = 0x18;
const SUBSTITUTE = 0x1a;
const ESCAPE = 0x1b;
/** Control Sequence Introducer, String Terminator. */
const CSI = 0x9b;
const ST = 0x9c;
/** What opens a control string: DCS, SOS, OSC, PM, APC. `ESC` and the letter 0x40 below is the same. */
const STRING_OPENERS: ReadonlySet<number> = new Set([0x90, 0x98, 0x9d, 0x9e, 0x9f]);
const TO_8_BIT = 0x40;

/** What a text without any of these is given on as it is. */
const ACTED_ON = /[^\P{Cc}\n\t]/u;

/** Where in a sequence the text has come to; `after-return` is ordinary text whose next line break was given already. */
type Place = "text" | "after-return" | "escape" | "control-sequence" | "control-string";

const within = (code: number, least: number, most: number): boolean => code >= least && code <= most;

/** One text that comes in pieces: a sequence that is cut between two of them is recognised all the same. */
export class PrintableText {
  #place: Place = "text";

  push(piece: string): string {
    if (this.#place === "text" && !ACTED_ON.test(piece)) return piece;
    let printable = "";
    // By UTF-16 units: the halves of a pair pass one after the other, also when they come in two pieces.
    for (let index = 0; index < piece.length; index++) printable += this.#unit(piece.charCodeAt(index));
    return printable;
  }

  #unit(code: number): string {
    if (this.#place === "control-string") return this.#inString(code);
    if (this.#place === "control-sequence") {
      if (within(code, 0x20, 0x3f)) return "";
      if (within(code, 0x40, 0x7e)) return this.#to("text");
    }
    if (this.#place === "escape") {
      if (within(code, 0x20, 0x2f)) return "";
      if (code + TO_8_BIT === CSI) return this.#to("control-sequence");
      if (STRING_OPENERS.has(code + TO_8_BIT)) return this.#to("control-string");
      if (within(code, 0x30, 0x7e)) return this.#to("text");
    }
    return this.#inText(code);
  }

  #inText(code: number): string {
    const lineEnded = this.#place === "after-return";
    this.#place = "text";
    if (code === NEWLINE) return lineEnded ? "" : "\n";
    // Alone it would let a text write over itself.
    if (code === RETURN) return this.#to("after-return", "\n");
    if (code === ESCAPE) return this.#to("escape");
    if (code === CSI) return this.#to("control-sequence");
    if (STRING_OPENERS.has(code)) return this.#to("control-string");
    const unit = String.fromCharCode(code);
    return ACTED_ON.test(unit) ? "" : unit;
  }

  /** A line break ends it too: a string that nobody closes must not hide the rest of an answer. */
  #inString(code: number): string {
    if (code === BELL || code === ST || code === CANCEL || code === SUBSTITUTE) return this.#to("text");
    if (code === NEWLINE || code === RETURN || code === ESCAPE) return this.#inText(code);
    return "";
  }

  #to(place: Place, printed = ""): string {
    this.#place = place;
    return printed;
  }
}
