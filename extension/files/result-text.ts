// The document that one prompt over many files makes: a section for each file, in the order given, however the answers
// interleave. Pure; the words come from outside.

import type { FailureWords } from "../../media/protocol.ts";
import type { EndEvent, StatusPhase, StreamEvent } from "../../sidecar/types.ts";
import { headingText, sectionText } from "./section-text.ts";

/** What a section says while, or because, its answer is not all there. */
export interface ResultWords {
  readonly title: string;
  readonly phases: { readonly [phase in StatusPhase]: string };
  readonly cancelled: string;
  readonly empty: string;
  readonly cutByLength: string;
  readonly failure: (end: EndEvent) => FailureWords;
}

export type SectionOutcome = "running" | "complete" | "failed" | "cancelled";

interface Section {
  readonly name: string;
  text: string;
  /** What it waits for, or how it ended. Null while text arrives, and after a good end. */
  note: string | null;
  outcome: SectionOutcome;
}

export class ResultText {
  readonly #words: ResultWords;
  readonly #sections: ReadonlyMap<string, Section>;

  /** `files`: an id for each section, and the name that heads it. */
  constructor(files: readonly { readonly item: string; readonly name: string }[], words: ResultWords) {
    this.#words = words;
    this.#sections = new Map(
      files.map(({ item, name }) => [item, { name, text: "", note: `*${words.phases.queued}*`, outcome: "running" }]),
    );
  }

  /** Events of one section's answer, in order. Those of an unknown item are ignored. */
  apply(item: string, events: readonly StreamEvent[]): void {
    const section = this.#sections.get(item);
    if (section === undefined) return;
    for (const event of events) this.#applyTo(section, event);
  }

  /** The answer cannot be read any further; what came stays. */
  fail(item: string, failure: FailureWords): void {
    const section = this.#sections.get(item);
    if (section?.outcome !== "running") return;
    section.outcome = "failed";
    section.note = failureNote(failure);
  }

  count(outcome: SectionOutcome): number {
    return Array.from(this.#sections.values()).filter((section) => section.outcome === outcome).length;
  }

  get markdown(): string {
    const sections = Array.from(this.#sections.values(), ({ name, text, note }) => {
      const parts = [`## ${headingText(name)}`, sectionText(text, 2), note ?? ""];
      return parts.filter((part) => part !== "").join("\n\n");
    });
    return `${[`# ${this.#words.title}`, ...sections].join("\n\n")}\n`;
  }

  #applyTo(section: Section, event: StreamEvent): void {
    switch (event.type) {
      case "text-delta":
        section.text += event.text;
        section.note = null;
        return;
      case "status":
        if (section.text === "") section.note = `*${this.#words.phases[event.phase]}*`;
        return;
      case "discard":
        if (event.what === "text") section.text = "";
        return;
      case "attempt":
        section.text = "";
        return;
      case "end":
        this.#end(section, event);
        return;
      case "start":
      case "reasoning-delta":
      case "tool-call":
      case "opaque":
      case "warning":
      case "usage":
        return;
    }
  }

  #end(section: Section, end: EndEvent): void {
    const { cancelled, cutByLength, empty, failure } = this.#words;
    if (end.status === "complete") {
      section.outcome = "complete";
      const isEmpty = section.text.trim() === "";
      section.note = isEmpty ? `*${empty}*` : end.finishReason === "length" ? `*${cutByLength}*` : null;
    } else if (end.status === "cancelled") {
      section.outcome = "cancelled";
      section.note = `*${cancelled}*`;
    } else {
      section.outcome = "failed";
      section.note = failureNote(failure(end));
    }
  }
}

function failureNote({ summary, advice, detail }: FailureWords): string {
  const lines = [`**${summary}**`, advice, ...(detail === undefined || detail === summary ? [] : [detail])];
  return lines
    .flatMap((line) => line.split("\n"))
    .map((line) => `> ${line}`.trimEnd())
    .join("\n>\n");
}
