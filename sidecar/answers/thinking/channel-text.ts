// Tells what a model thinks from what it says where its own channels arrive as text, which gpt-oss writes and some servers
// leave as they are (https://developers.openai.com/cookbook/articles/openai-harmony):
//
//   <|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…<|return|>
//
// Read from the first header on. The marks are dropped, nothing else is. What is said in the last channel, `final`, is text to
// its end: only a mark at the very end of the answer ends it, so that it can speak of marks. What is no header where one is
// due, a call of a tool for instance, stays the text that it is.

import type { ProviderEvent } from "../../providers/provider.ts";
import { endsInQuote, isQuoted, unfinishedTail } from "./think-tags.ts";

const START = "<|start|>assistant";
const CHANNEL = "<|channel|>";
const MESSAGE = "<|message|>";
const ENDS: readonly string[] = ["<|end|>", "<|return|>"];
const MARKS: readonly string[] = [...ENDS, START, CHANNEL];

const CHANNELS = ["analysis", "commentary", "final"] as const;
type Channel = (typeof CHANNELS)[number];

interface Header {
  readonly channel: Channel;
  readonly length: number;
}

/** What `text` begins with: a header, what may become one, or neither. */
export function readHeader(text: string): Header | "unfinished" | undefined {
  if (START.startsWith(text)) return "unfinished";
  const at = text.startsWith(START) ? START.length : 0;
  const rest = text.slice(at);
  if (!rest.startsWith(CHANNEL)) return CHANNEL.startsWith(rest) ? "unfinished" : undefined;
  const named = rest.slice(CHANNEL.length);
  for (const channel of CHANNELS) {
    const whole = `${channel}${MESSAGE}`;
    if (named.startsWith(whole)) return { channel, length: at + CHANNEL.length + whole.length };
    if (whole.startsWith(named)) return "unfinished";
  }
  return undefined;
}

/** A mark in the text of a message, and what it is. */
type FoundMark =
  | { readonly is: "end" | "words"; readonly at: number; readonly length: number }
  | { readonly is: "undecided"; readonly at: number };

/** Characters: as much as is looked at for quotes. */
const RECENT = 200;
/** Characters of white space behind the mark that ends an answer. With more it was not the end. */
const MOST_SPACE = 100;

export class ChannelText {
  /** `header`: between two messages. `plain`: everything else is text. */
  #state: Channel | "header" | "plain" = "header";
  /** Of the message before, for the white space behind it. */
  #before: Channel | null = null;
  #held = "";
  #recent = "";

  /** `last`: nothing more follows, so what is held is what it looks like so far. */
  read(text: string, last: boolean, out: ProviderEvent[]): void {
    this.#held += text;
    while (this.#held !== "" && this.#step(last, out));
  }

  /** False when nothing can be decided until more comes. */
  #step(last: boolean, out: ProviderEvent[]): boolean {
    if (this.#state === "header") return this.#begin(last, out);
    if (this.#state === "plain") this.#tell(this.#held.length, out);
    else if (this.#state === "final") return this.#sayFinally(last, out);
    else return this.#readMessage(this.#state, last, out);
    return false;
  }

  #begin(last: boolean, out: ProviderEvent[]): boolean {
    const words = this.#held.trimStart();
    const space = this.#held.length - words.length;
    const header = readHeader(words);
    if (this.#before !== null) this.#tell(space, out, this.#before);
    if (header === "unfinished" && !last) return false;
    if (typeof header !== "object") {
      this.#state = "plain";
      return true;
    }
    if (this.#before === null) this.#tell(space, out, header.channel);
    this.#held = this.#held.slice(header.length);
    this.#state = header.channel;
    return true;
  }

  #readMessage(channel: Channel, last: boolean, out: ProviderEvent[]): boolean {
    const found = this.#findMark(last);
    if (found === undefined) {
      this.#tell(last ? this.#held.length : this.#held.length - unfinishedTail(this.#held, MARKS), out);
      return false;
    }
    this.#tell(found.at, out);
    if (found.is === "undecided") return false;
    if (found.is === "words") {
      this.#tell(found.length, out);
      return true;
    }
    this.#held = this.#held.slice(found.length);
    this.#before = channel;
    this.#state = "header";
    return true;
  }

  /** The first mark in what is held. A header ends the message before it too, since some servers leave the end marks out. */
  #findMark(last: boolean): FoundMark | undefined {
    const held = this.#held;
    const places = MARKS.map((mark) => held.indexOf(mark)).filter((place) => place >= 0);
    if (places.length === 0) return undefined;
    const at = Math.min(...places);
    const end = ENDS.find((mark) => held.startsWith(mark, at));
    const header = end === undefined ? readHeader(held.slice(at)) : undefined;
    if (header === "unfinished" && !last) return { is: "undecided", at };
    const length = end?.length ?? (typeof header === "object" ? header.length : 1);
    const before = this.#recent + held.slice(0, at);
    const after = held.slice(at + length);
    if (after === "" && !last && endsInQuote(before)) return { is: "undecided", at };
    if (isQuoted(before, after) || (end === undefined && typeof header !== "object")) return { is: "words", at, length };
    return { is: "end", at, length: end === undefined ? 0 : length };
  }

  #sayFinally(last: boolean, out: ProviderEvent[]): boolean {
    const held = this.#held;
    const words = held.trimEnd();
    const end = ENDS.find((mark) => words.endsWith(mark));
    if (end === undefined || held.length - words.length > MOST_SPACE) {
      this.#tell(last ? held.length : held.length - unfinishedTail(held, ENDS), out);
      return false;
    }
    this.#tell(words.length - end.length, out);
    if (last) {
      this.#held = this.#held.slice(end.length);
      this.#tell(this.#held.length, out);
    }
    return false;
  }

  #tell(length: number, out: ProviderEvent[], channel: Channel | "header" | "plain" = this.#state): void {
    if (length === 0) return;
    const text = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    this.#recent = (this.#recent + text).slice(-RECENT);
    out.push({ type: channel === "analysis" ? "reasoning-delta" : "text-delta", text });
  }
}
