// Tells what a model thinks from what it says where both arrive as one text, marked by tags (see `think-tags.ts`). Works on
// the events of any provider, in pieces cut anywhere, and loses nothing: what is thought, what is said and the tags together
// are what came, but for the white space before the opening tag and behind the closing one, which belongs to neither.
//
// - A tag counts at the beginning of an answer alone; later, and where reasoning comes by itself, it is a part of the text.
// - A closing tag without an opening one: the chat template had opened it in the prompt. What was said before it was thought.
//   It has been shown as text by then, so it is taken back (`discard`) and told anew as reasoning. The next answers of that
//   model are read as thought from their beginning (`ThinkMemory`), and taken back as text should they end without the tag.
// - An answer that begins with the header of a channel is read by its channels (see `channel-text.ts`).

import type { FinishReason } from "../../types.ts";
import type { ProviderEvent } from "../../providers/provider.ts";
import { ChannelText, readHeader } from "./channel-text.ts";
import { canBeJudged, endsInQuote, findClose, isQuoted, isSpokenOf, MARK_BEGINS, THINK_TAGS, unfinishedTail } from "./think-tags.ts";
import { ToldText } from "./told-text.ts";

const OPENS = THINK_TAGS.map(({ open }) => open);
const CLOSES = THINK_TAGS.map(({ close }) => close);
/** Tags that prose may speak of before nothing more is expected of it: each costs a look at the whole text. */
const MAX_SPOKEN_OF = 16;
/** Characters: as much of a line as is looked at for quotes. */
const RECENT = 200;
const NO_TOOLS: ReadonlySet<string> = new Set();

/**
 * `start`: nothing but white space has come. `thought`: between the tags, or where the template is known to open them.
 * `after`: between a closing tag and what follows. `said`: text in which a closing tag may still come. `channels`: the model
 * names a channel for all that it writes. `plain`: text.
 */
type State = "start" | "thought" | "after" | "said" | "channels" | "plain";

/** Whether the template had opened the thought: unknown where the answer did not get as far. */
export type TemplateOpens = boolean | undefined;

export class ThinkText {
  readonly #presumed: boolean;
  #state: State = "start";
  /** Not told yet, because it may be part of a tag, or white space whose side is not known. */
  #held = "";
  /** The closing tags that end the thought under way. */
  #closes: readonly string[] = [];
  /** All that was told of the kind that may have to be taken back. */
  readonly #told = new ToldText();
  /** The end of what was thought and told: a quote may stand in one piece, and the tag in the next. */
  #recent = "";
  #thoughtHasWords = false;
  /** The thought under way was opened by nobody: it is one because this model's answers begin so. */
  #unopened = false;
  #spokenOf = 0;
  readonly #tools: ReadonlySet<string>;
  /** From the first header on. */
  #channels: ChannelText | null = null;
  #templateOpens: TemplateOpens;

  /** `presumed`: answers of this model begin in the middle of a thought. `tools`: the names of those that it can call. */
  constructor(presumed: boolean, tools: readonly string[] = []) {
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
        if (event.type === "reasoning-delta") this.#native(out);
        else if (event.type === "finish") this.end(out, event.finishReason);
        else if (event.type === "tool-call" || event.type === "opaque") this.#flush(out);
        const called = event.type === "finish" && event.finishReason === "stop" && (this.#channels?.calls ?? 0) > 0;
        out.push(called ? { ...event, finishReason: "tool-calls" } : event);
      }
    }
    return out;
  }

  /** Nearly every batch of nearly every answer: text without anything that a tag could begin with. */
  #passes(batch: readonly ProviderEvent[]): boolean {
    if (this.#state !== "said" || this.#held !== "") return false;
    for (const event of batch) if (event.type !== "text-delta" || MARK_BEGINS.test(event.text)) return false;
    for (const event of batch) if (event.type === "text-delta") this.#told.add(event.text);
    return true;
  }

  /** Tells what was held back. `finishReason` is null where the provider's mark of the end did not come. */
  end(out: ProviderEvent[], finishReason: FinishReason | null): void {
    this.#flush(out);
    if (this.#state === "thought" && this.#unopened && (finishReason === "stop" || finishReason === "tool-calls")) this.#takeBack(out);
    this.#state = "plain";
  }

  #text(text: string, out: ProviderEvent[]): void {
    if (text === "") return;
    if (this.#state === "plain") {
      this.#tell("text-delta", text, out);
      return;
    }
    this.#held += text;
    while (this.#step(false, out));
  }

  /** Something else than text came, or nothing will: what is held is what it looks like so far. */
  #flush(out: ProviderEvent[]): void {
    while (this.#held !== "" && this.#step(true, out));
    if (this.#state === "channels") this.#channels?.read("", true, out);
  }

  /** One move on what is held; false when nothing can be decided until more comes. `last`: nothing more will. */
  #step(last: boolean, out: ProviderEvent[]): boolean {
    switch (this.#state) {
      case "start":
      case "after":
        return this.#begin(last);
      case "thought":
        return this.#think(last, out);
      case "said":
        return this.#say(last, out);
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

  /** Where an opening tag counts: after white space, or none. */
  #begin(last: boolean): boolean {
    const held = this.#held;
    const words = held.trimStart();
    if (!last && OPENS.some((open) => open.length > words.length && open.startsWith(words))) return false;
    const header = this.#state === "start" ? readHeader(words, this.#tools) : undefined;
    if (header === "unfinished" && !last) return false;
    const space = held.slice(0, held.length - words.length);
    const tags = THINK_TAGS.find(({ open }) => words.startsWith(open));
    if (typeof header === "object") {
      if (this.#presumed) this.#templateOpens = false;
      this.#state = "channels";
    } else if (tags !== undefined) {
      if (this.#presumed && this.#state === "start") this.#templateOpens = false;
      // Between two thoughts it keeps them apart.
      this.#held = (this.#state === "after" && this.#thoughtHasWords ? space : "") + words.slice(tags.open.length);
      this.#enterThought([tags.close], false);
    } else if (this.#state === "after") {
      this.#take(space.length);
      if (words !== "") this.#state = "plain";
    } else if (this.#presumed && words !== "") {
      this.#enterThought(CLOSES, true);
    } else {
      this.#state = "said";
    }
    return true;
  }

  #enterThought(closes: readonly string[], unopened: boolean): void {
    this.#state = "thought";
    this.#closes = closes;
    this.#unopened = unopened;
    this.#thoughtHasWords = false;
  }

  #think(last: boolean, out: ProviderEvent[]): boolean {
    const held = this.#held;
    const found = findClose(held, this.#closes);
    if (found === undefined) {
      const sure = last ? held.length : held.length - unfinishedTail(held, this.#closes);
      // White space alone is no thought.
      if (this.#thoughtHasWords || held.slice(0, sure).trim() !== "") this.#tellThought(this.#take(sure), out);
      else if (last) this.#take(sure);
      return false;
    }
    const before = this.#recent + held.slice(0, found.at);
    const after = held.slice(found.at + found.close.length);
    if (after === "" && !last && endsInQuote(before)) return false;
    const quoted = isQuoted(before, after);
    const thought = this.#take(found.at + (quoted ? found.close.length : 0));
    if (this.#thoughtHasWords || thought.trim() !== "") this.#tellThought(thought, out);
    if (quoted) return true;
    this.#take(found.close.length);
    if (this.#unopened) this.#templateOpens = true;
    this.#state = "after";
    return true;
  }

  #tellThought(text: string, out: ProviderEvent[]): void {
    this.#thoughtHasWords = true;
    this.#tell("reasoning-delta", text, out);
  }

  #say(last: boolean, out: ProviderEvent[]): boolean {
    const held = this.#held;
    const found = findClose(held, CLOSES);
    if (found === undefined) {
      this.#tell("text-delta", this.#take(last ? held.length : held.length - unfinishedTail(held, CLOSES)), out);
      return false;
    }
    const after = held.slice(found.at + found.close.length);
    if (!last && !canBeJudged(after)) return false;
    const before = this.#told.text + held.slice(0, found.at);
    if (isSpokenOf(before, after)) {
      this.#tell("text-delta", this.#take(found.at + found.close.length), out);
      this.#spokenOf += 1;
      if (this.#spokenOf === MAX_SPOKEN_OF) this.#state = "plain";
    } else {
      this.#take(found.at + found.close.length);
      this.#wasThought(before, out);
    }
    return true;
  }

  /** Everything so far was thought. */
  #wasThought(before: string, out: ProviderEvent[]): void {
    if (this.#told.text !== "") out.push({ type: "discard", what: "text" });
    this.#told.clear();
    this.#state = "after";
    this.#thoughtHasWords = before.trim() !== "";
    if (!this.#thoughtHasWords) return;
    this.#templateOpens = true;
    this.#tell("reasoning-delta", before, out);
  }

  /** Reasoning that comes by itself: whatever the text says about tags, it says. */
  #native(out: ProviderEvent[]): void {
    this.#flush(out);
    if (this.#state === "thought" && this.#unopened) this.#takeBack(out);
    this.#state = "plain";
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
    out.push({ type, text });
  }
}
