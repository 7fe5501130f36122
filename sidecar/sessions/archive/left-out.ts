// What people have written into a Markdown file where no text of the conversation stands, or under a name that Parley does not
// know. It has no place in a conversation: it is left out, and told with its line.

/** Notes at most; a file with more edits than this was made by a program. */
const mostNotes = 10;
/** Characters of a line that are told. */
const mostShown = 60;

export class LeftOut {
  readonly #notes: string[] = [];
  #more = 0;

  /** For people, in the order in which they were added. */
  get notes(): readonly string[] {
    return this.#more === 0 ? this.#notes : [...this.#notes, `The same holds for other places (${this.#more}).`];
  }

  /** `given` begins on `line`, counted from 1. Of it all is left out but blank lines and `own`, the line that Parley writes there. */
  add(given: string, line: number, own: string, why = "no text of a message stands there"): void {
    const [first, ...rest] = foreignLines(given, line, own);
    if (first === undefined) return;
    if (this.#notes.length === mostNotes) {
      this.#more += 1;
      return;
    }
    const text = first.text.length > mostShown ? `${first.text.slice(0, mostShown)}…` : first.text;
    const which = rest.length === 0 ? "is" : `and what follows it (lines: ${rest.length}) are`;
    this.#notes.push(`Line ${first.line}: ${JSON.stringify(text)} ${which} left out, because ${why}.`);
  }
}

interface Line {
  readonly text: string;
  readonly line: number;
}

function foreignLines(given: string, line: number, own: string): readonly Line[] {
  const lines = given.split("\n").map((text, index): Line => ({ text: text.trim(), line: line + index }));
  return lines.filter(({ text }) => text !== "" && text !== own.trim());
}
