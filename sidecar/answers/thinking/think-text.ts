// Tells what a model thinks from what it says where both arrive as one text, marked by tags (see `think-tags.ts`). Works on
// the events of any provider, in pieces cut anywhere, and loses nothing: what is thought, what is said and the tags together
// are what came, but for the white space before the opening tag and behind the closing one, which belongs to neither.
//
// - A tag counts at the beginning of an answer alone; later it is a part of the text.
// - Where reasoning comes by itself a tag is a part of the text, too, unless what it opens is that same thought once more (see
//   `repeated-thought.ts`), which is then told once, or it closes that thought at the very beginning of the text.
// - A closing tag without an opening one: the chat template had opened it in the prompt, or prose speaks of it (see
//   `unopened-close.ts`). What was said before it was thought. It has been shown as text by then, so it is taken back (`discard`)
//   and told anew as reasoning. The next answers of that model are read as thought from their beginning (`ThinkMemory`), and
//   taken back as text should they end without the tag.
// - An answer that begins with the header of a channel is read by its channels (see `channel-text.ts`).

import type { FinishReason } from "../../types.ts";
import type { ProviderEvent } from "../../providers/provider.ts";
import { ChannelText, readHeader } from "./channel-text.ts";
import { isQuoted, mayBeQuoted } from "./quoted-marks.ts";
import { type Known, RepeatedThought } from "./repeated-thought.ts";
import type { Presumption, TemplateOpens } from "./think-memory.ts";
import { ANY_CLOSE, closingOf, leadingTag, MARK_BEGINS, unfinishedTail, type Closing } from "./think-tags.ts";
import { ToldText } from "./told-text.ts";
import { canBeJudged, judgeClose, type Following } from "./unopened-close.ts";

/** Tags that prose may speak of before nothing more is expected of it: each costs a look at the whole text. */
const MAX_SPOKEN_OF = 16;
/** Characters: as much of a line as is looked at for quotes. */
const RECENT = 200;
const NO_TOOLS: ReadonlySet<string> = new Set();
const WORD = /\S/u;

/**
 * `start`: nothing but white space has come. `apart`: nor anything but reasoning that comes by itself. `thought`: between the
 * tags, or where the template is known to open them. `closed`: behind a closing tag that nobody opened, and that may only be
 * spoken of. `after`: between a closing tag and what follows. `said`: text in which a closing tag may still come. `channels`: the model names a channel for all that it writes.
 * `plain`: text.
 */
type State = "start" | "apart" | "thought" | "closed" | "after" | "said" | "channels" | "plain";

export class ThinkText {
  readonly #presumed: Presumption;
  #state: State = "start";
  /** Not told yet, because it may be part of a tag. */
  #held = "";
  /** White space before it whose side is not known. Apart from it, so that no length of it is looked at twice. */
  readonly #space = new ToldText();
  #closing = ANY_CLOSE;
  /** In the state `closed`: the tag, and what of the text before it is not told yet. */
  #closed = { before: "", tag: "" };
  /** All that was told of the kind that may have to be taken back. */
  readonly #told = new ToldText();
  /** The end of what was thought and told: a quote may stand in one piece, and the tag in the next. */
  #recent = "";
  #thoughtHasWords = false;
  /** The thought under way was opened by nobody: it is one because this model's answers begin so. */
  #unopened = false;
  /** While the thought that comes by itself may come in the text as well. */
  #repeated: RepeatedThought | null = null;
  #spokenOf = 0;
  readonly #tools: ReadonlySet<string>;
  /** From the first header on. */
  #channels: ChannelText | null = null;
  #templateOpens: TemplateOpens;

  /** `tools`: the names of those that the model can call. */
  constructor(presumed: Presumption, tools: readonly string[] = []) {
    this.#presumed = presumed;
    this.#tools = tools.length === 0 ? NO_TOOLS : new Set(tools);
  }

  get templateOpens(): TemplateOpens {
    return this.#templateOpens;
  }

  /** The batch itself where nothing in it has to change. */
  read(batch: readonly ProviderEvent[]): readonly ProviderEvent[] {
    if (this.#state === "plain" || this.#passes(batch)) return batch;
    const out: ProviderEvent[] = [];
    for (const event of batch) {
      if (event.type === "text-delta") {
        this.#text(event.text, out);
      } else {
        if (event.type === "reasoning-delta") this.#native(event.text, out);
        else if (event.type === "finish") this.end(out, event.finishReason);
        else if (event.type === "tool-call") this.#flush("call", out);
        else if (event.type === "opaque") this.#flush("end", out);
        const called = event.type === "finish" && event.finishReason === "stop" && (this.#channels?.calls ?? 0) > 0;
        out.push(called ? { ...event, finishReason: "tool-calls" } : event);
      }
    }
    return out;
  }

  /** Nearly every batch of nearly every answer: text without anything that a tag could begin with, or reasoning that comes by itself. */
  #passes(batch: readonly ProviderEvent[]): boolean {
    if (this.#state === "apart") return this.#repeated?.knowsEnough === true && batch.every(isReasoning);
    if (this.#state !== "said" || this.#held !== "") return false;
    for (const event of batch) if (event.type !== "text-delta" || MARK_BEGINS.test(event.text)) return false;
    for (const event of batch) if (event.type === "text-delta") this.#told.add(event.text);
    return true;
  }

  /** Tells what was held back. `finishReason` is null where the provider's mark of the end did not come. */
  end(out: ProviderEvent[], finishReason: FinishReason | null): void {
    this.#flush("end", out);
    const isWhole = finishReason === "stop" || finishReason === "tool-calls";
    if (this.#isPresumption && (isWhole || this.#presumed === "likely")) this.#takeBack(out);
    this.#state = "plain";
  }

  #text(text: string, out: ProviderEvent[]): void {
    if (text === "") return;
    if (this.#state === "plain") {
      this.#tell("text-delta", text, out);
      return;
    }
    this.#held += text;
    while (this.#step("more", out));
  }

  /** Something else than text came, or nothing will: what is held is what it looks like so far. */
  #flush(following: Following, out: ProviderEvent[]): void {
    while (this.#holds && this.#step(following, out));
    if (this.#state === "channels") this.#channels?.read("", true, out);
  }

  get #holds(): boolean {
    return this.#held !== "" || !this.#space.isEmpty || this.#state === "closed" || this.#isRepeating;
  }

  /** One move on what is held; false when nothing can be decided until more comes. */
  #step(following: Following, out: ProviderEvent[]): boolean {
    this.#setSpaceApart();
    const last = following !== "more";
    switch (this.#state) {
      case "start":
      case "after":
        return this.#begin(last);
      case "apart":
        return this.#beginApart(last);
      case "thought":
        return this.#think(last, out);
      case "said":
        return this.#say(last, out);
      case "closed":
        return this.#judge(following, out);
      case "channels":
        this.#channels ??= new ChannelText(this.#tools);
        this.#channels.read(this.#take(this.#held.length), last, out);
        return false;
      case "plain":
        break;
    }
    this.#tell("text-delta", this.#take(this.#held.length), out);
    return false;
  }

  #setSpaceApart(): void {
    if (this.#held === "" || !this.#mindsSpace) return;
    const words = this.#held.search(WORD);
    if (words !== 0) this.#space.add(this.#take(words < 0 ? this.#held.length : words));
  }

  get #mindsSpace(): boolean {
    if (this.#state === "thought") return !this.#thoughtHasWords;
    return this.#state === "start" || this.#state === "apart" || this.#state === "after" || this.#state === "closed";
  }

  #takeSpace(): string {
    const space = this.#space.text;
    this.#space.clear();
    return space;
  }

  /** Where an opening tag counts: after white space, or none. */
  #begin(last: boolean): boolean {
    const words = this.#held;
    const tags = leadingTag(words, last);
    if (tags === "unfinished") return false;
    const header = this.#state === "start" ? readHeader(words, this.#tools) : undefined;
    if (header === "unfinished" && !last) return false;
    if (typeof header === "object") {
      if (this.#presumed !== "none") this.#templateOpens = false;
      this.#held = this.#takeSpace() + words;
      this.#state = "channels";
    } else if (tags !== undefined) {
      if (this.#presumed !== "none" && this.#state === "start") this.#templateOpens = false;
      // Between two thoughts it keeps them apart.
      if (this.#state !== "after" || !this.#thoughtHasWords) this.#space.clear();
      this.#take(tags.open.length);
      this.#enterThought(closingOf(tags), false);
    } else if (this.#state === "after") {
      this.#space.clear();
      if (words !== "") this.#state = "plain";
    } else if (this.#presumed !== "none" && words !== "") {
      this.#enterThought(ANY_CLOSE, true);
    } else {
      this.#held = this.#takeSpace() + words;
      this.#state = "said";
    }
    return true;
  }

  /**
   * Where an opening tag counts if what follows it is known from the reasoning that came by itself, and a closing one if it is that
   * reasoning's own, as LMDeploy's streams leave it (InternLM/lmdeploy#3321).
   */
  #beginApart(last: boolean): boolean {
    const words = this.#held;
    const tags = leadingTag(words, last);
    const closed = leadingTag(words, last, "close");
    if (tags === "unfinished" || closed === "unfinished") return false;
    if (closed !== undefined) {
      this.#close(this.#takeSpace(), closed.close);
    } else if (tags === undefined) {
      this.#held = this.#takeSpace() + words;
      this.#state = "plain";
    } else {
      this.#repeated?.opens(this.#takeSpace() + this.#take(tags.open.length));
      this.#enterThought(closingOf(tags), false);
    }
    return true;
  }

  #enterThought(ends: Closing, unopened: boolean): void {
    this.#state = "thought";
    this.#closing = ends;
    this.#unopened = unopened;
    this.#thoughtHasWords = false;
  }

  #think(last: boolean, out: ProviderEvent[]): boolean {
    const held = this.#held;
    // Nearly every token has nothing that a tag could begin with.
    const mayHold = MARK_BEGINS.test(held);
    const found = mayHold ? this.#closing.find(held) : undefined;
    if (found === undefined) {
      const tail = last || !mayHold ? 0 : unfinishedTail(held, this.#closing.marks);
      this.#tellThought(this.#take(held.length - tail), out);
      if (this.#wasSaid(last ? "end" : "more")) return true;
      // White space alone is no thought.
      if (last) this.#space.clear();
      return false;
    }
    if (this.#unopened && this.#presumed === "likely") {
      this.#tellThought(this.#take(found.at), out);
      this.#close(this.#takeSpace(), found.mark);
      return true;
    }
    const before = this.#recent + held.slice(0, found.at);
    const after = held.slice(found.at + found.mark.length);
    if (!last && mayBeQuoted(before, after)) return false;
    const quoted = isQuoted(before, after);
    this.#tellThought(this.#take(found.at + (quoted ? found.mark.length : 0)), out);
    if (this.#wasSaid(quoted ? "more" : "closed") || quoted) return true;
    this.#repeated = null;
    this.#take(found.mark.length);
    this.#space.clear();
    if (this.#unopened) this.#templateOpens = true;
    this.#state = "after";
    return true;
  }

  /** With the white space before its first word. */
  #tellThought(text: string, out: ProviderEvent[]): void {
    if (text === "") return;
    const whole = this.#thoughtHasWords ? text : this.#takeSpace() + text;
    this.#thoughtHasWords = true;
    this.#tell("reasoning-delta", whole, out);
  }

  #say(last: boolean, out: ProviderEvent[]): boolean {
    const held = this.#held;
    const mayHold = MARK_BEGINS.test(held);
    const found = mayHold ? ANY_CLOSE.find(held) : undefined;
    if (found === undefined) {
      const tail = last || !mayHold ? 0 : unfinishedTail(held, ANY_CLOSE.marks);
      this.#tell("text-delta", this.#take(held.length - tail), out);
      return false;
    }
    this.#close(this.#take(found.at), found.mark);
    return true;
  }

  /** A closing tag that nobody opened comes next: what follows it decides. */
  #close(before: string, tag: string): void {
    this.#take(tag.length);
    this.#closed = { before, tag };
    this.#state = "closed";
  }

  #judge(following: Following, out: ProviderEvent[]): boolean {
    const { before, tag } = this.#closed;
    const words = this.#held;
    if (following === "more" && words === "") return false;
    const space = this.#space.text;
    const said = this.#told.text + before;
    if (following === "more" && !canBeJudged(said, space, words)) return false;
    const verdict = judgeClose(said, space, words, following);
    if (verdict === "spoken-of") {
      this.#held = this.#takeSpace() + words;
      this.#speakOf(before + tag, out);
    } else if (this.#unopened) {
      this.#templateOpens = verdict === "sure" ? true : undefined;
      this.#state = "after";
    } else this.#wasThought(said, verdict === "sure", out);
    return true;
  }

  /** The tag is a part of what is said, or presumed to be thought. */
  #speakOf(text: string, out: ProviderEvent[]): void {
    // Beside reasoning that comes by itself no other tag counts.
    this.#state = this.#unopened ? "thought" : this.#repeated === null ? "said" : "plain";
    if (this.#unopened) this.#tellThought(text, out);
    else this.#tell("text-delta", text, out);
    this.#spokenOf += 1;
    if (this.#spokenOf < MAX_SPOKEN_OF) return;
    if (this.#unopened) this.#takeBack(out);
    this.#state = "plain";
  }

  /** Everything so far was thought. */
  #wasThought(before: string, isSure: boolean, out: ProviderEvent[]): void {
    if (!this.#told.isEmpty) out.push({ type: "discard", what: "text" });
    this.#told.clear();
    this.#state = "after";
    this.#thoughtHasWords = before.trim() !== "";
    if (!this.#thoughtHasWords) return;
    if (isSure) this.#templateOpens = true;
    this.#tell("reasoning-delta", before, out);
  }

  /** What stands between tags is another thought than the one that came by itself: it is text, and the tags are. */
  #wasSaid(known: Known): boolean {
    if (this.#repeated?.isSomethingElse(known) !== true) return false;
    this.#held = this.#repeated.read + this.#takeSpace() + this.#held;
    this.#repeated = null;
    this.#state = "plain";
    return true;
  }

  /** Reasoning that comes by itself: whatever the text says about tags, it says, unless it repeats that reasoning. */
  #native(text: string, out: ProviderEvent[]): void {
    const isOpen = this.#state === "thought" && !this.#unopened && !this.#thoughtHasWords && this.#held === "";
    if (this.#repeated === null && (isOpen || this.#state === "start")) {
      this.#repeated = new RepeatedThought(isOpen);
      if (isOpen) this.#space.clear();
      else this.#state = "apart";
    }
    if (this.#state === "apart" || this.#isRepeating) {
      this.#repeated?.cameByItself(text);
      return;
    }
    this.#flush("end", out);
    if (this.#isPresumption) this.#takeBack(out);
    this.#state = "plain";
  }

  get #isRepeating(): boolean {
    return this.#state === "thought" && this.#repeated !== null;
  }

  get #isPresumption(): boolean {
    return this.#state === "thought" && this.#unopened;
  }

  /** An answer presumed to begin with a thought had none. */
  #takeBack(out: ProviderEvent[]): void {
    const told = this.#told.text;
    this.#templateOpens = false;
    if (told === "") return;
    out.push({ type: "discard", what: "reasoning" }, { type: "text-delta", text: told });
  }

  #take(length: number): string {
    const taken = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    return taken;
  }

  #tell(type: "text-delta" | "reasoning-delta", text: string, out: ProviderEvent[]): void {
    if (text === "") return;
    if (this.#state === "said" || (this.#state === "thought" && this.#unopened)) this.#told.add(text);
    if (this.#state === "thought") this.#recent = (this.#recent + text).slice(-RECENT);
    if (this.#isRepeating) this.#repeated?.cameInText(text);
    else out.push({ type, text });
  }
}

const isReasoning = ({ type }: ProviderEvent): boolean => type === "reasoning-delta";
