// An answer on the output while it comes: as the events that it is, or as its text.

import { duration } from "../error-words/duration.ts";
import type { StatusPhase, StreamEvent } from "../types.ts";
import type { Terminal } from "./terminal.ts";

export interface Printer {
  print(events: readonly StreamEvent[]): Promise<void>;
}

export class JsonPrinter implements Printer {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  async print(events: readonly StreamEvent[]): Promise<void> {
    await this.#terminal.writeJson(...events);
  }
}

/** What stands on the output cannot be taken back: text that may yet be rejected is held until it cannot. */
export class TextPrinter implements Printer {
  readonly #terminal: Terminal;
  #last = "\n";
  /** Text of an attempt that has not been checked; null where nothing will be. */
  #held: string | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  async print(events: readonly StreamEvent[]): Promise<void> {
    let text = "";
    for (const event of events) {
      if (event.type === "text-delta") {
        if (this.#held === null) text += event.text;
        else this.#held += event.text;
      } else if (event.type === "discard") {
        if (event.what === "text" && this.#held === null) text += this.#markThought(text);
        else if (event.what === "text") this.#held = "";
      } else this.#tell(event);
      if (event.type !== "end") continue;
      this.#terminal.progress("");
      text += this.#held ?? "";
      // The prompt of the shell belongs on a line of its own.
      if (!(this.#last + text).endsWith("\n")) text += "\n";
    }
    if (text !== "") this.#last = text;
    await this.#terminal.write(text);
  }

  /** What was printed was thought, as it turns out; the answer begins on a line of its own. */
  #markThought(text: string): string {
    this.#terminal.note("note: what stands above is what the model thought; its answer follows.");
    return (this.#last + text).endsWith("\n") ? "" : "\n";
  }

  #tell(event: StreamEvent): void {
    const terminal = this.#terminal;
    if (event.type === "warning") terminal.note(`note: ${event.message ?? `${event.code} ${event.parameter ?? ""}`.trim()}`);
    if (event.type === "attempt") {
      this.#held = "";
      if (event.number > 1)
        terminal.note(`the answer does not satisfy the schema (${event.reason ?? ""}); asking again, ${event.number} of ${event.of}.`);
    }
    if (event.type !== "status") return;
    if (event.phase === "retrying") terminal.note(`the provider is busy; trying again${inTime(event.untilMs)}.`);
    if (event.phase === "waiting-for-limit") {
      const { untilMs } = event;
      terminal.note(
        untilMs === undefined
          ? "waiting for other requests to this server to end."
          : `the provider asks to wait; going on${inTime(untilMs)}.`,
      );
    }
    const words = passing[event.phase];
    // It would take the place of text that stands on the same line.
    if (words !== undefined && this.#last.endsWith("\n")) terminal.progress(`${words}${share(event.progress)}…`);
  }
}

/** What a model on one's own machine may need minutes for. */
const passing: { readonly [Phase in StatusPhase]?: string } = {
  "loading-model": "loading the model",
  "processing-prompt": "reading the prompt",
  queued: "waiting for a place",
  summarizing: "summarising the older part of the conversation",
};

function share(progress: number | undefined): string {
  return progress === undefined ? "" : `, ${Math.floor(100 * progress)} %`;
}

function inTime(untilMs: number | undefined): string {
  return untilMs === undefined ? "" : ` in ${duration(Math.max(0, untilMs - Date.now()))}`;
}
