// Tells what a model thinks from what it says where its own channels arrive as text, which gpt-oss writes and some servers
// leave as they are (https://developers.openai.com/cookbook/articles/openai-harmony):
//
//   <|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…<|return|>
//
// Read from the first header on. The marks are dropped, nothing else is. What is said in the last channel, `final`, is text to
// its end: only a mark at the very end of the answer ends it, so that it can speak of marks. What is no header where one is
// due stays the text that it is. A call of a tool that was offered is a call, and any other stays text, too:
//
//   <|channel|>commentary to=functions.weather <|constrain|>json<|message|>{"city":"Bern"}<|call|>

import { HeldParts } from "../../providers/held-parts.ts";
import { asObject, parseJson } from "../../providers/json-fields.ts";
import type { ProviderEvent } from "../../providers/provider.ts";
import { isQuoted, mayBeQuoted } from "./quoted-marks.ts";
import { markFinder, unfinishedTail } from "./think-tags.ts";
import { ToldText } from "./told-text.ts";

const START = "<|start|>assistant";
const CHANNEL = "<|channel|>";
const MESSAGE = "<|message|>";
const ENDS: readonly string[] = ["<|end|>", "<|return|>"];
const MARKS: readonly string[] = [...ENDS, START, CHANNEL];
const TOOL = " to=functions.";
/** What may stand between a tool's name and its arguments. */
const FORMATS: readonly string[] = [" <|constrain|>json", "<|constrain|>json", " json", ""];
/** Follows the arguments of a call, and is kept by most servers to themselves. */
const CALL_END = "<|call|>";
const CALL_ENDS: readonly string[] = [CALL_END, ...MARKS];
const firstMark = markFinder(MARKS);
const firstCallEnd = markFinder(CALL_ENDS);

const CHANNELS = ["analysis", "commentary", "final"] as const;
type Channel = (typeof CHANNELS)[number];

interface Header {
  readonly channel: Channel;
  readonly length: number;
  /** The tool that is called. */
  readonly tool?: string;
}

/** What `text` begins with: a header, what may become one, or neither. `tools`: the names of those that can be called. */
export function readHeader(text: string, tools: ReadonlySet<string> = new Set()): Header | "unfinished" | undefined {
  if (START.startsWith(text)) return "unfinished";
  const started = text.startsWith(START) ? START.length : 0;
  const first = started === 0 ? undefined : readTool(text.slice(started), tools);
  if (first === "unfinished") return first;
  const at = started + (first?.length ?? 0);
  const rest = text.slice(at);
  if (!rest.startsWith(CHANNEL)) return CHANNEL.startsWith(rest) ? "unfinished" : undefined;
  const named = rest.slice(CHANNEL.length);
  const channel = CHANNELS.find((one) => named.startsWith(one));
  if (channel === undefined) return CHANNELS.some((one) => one.startsWith(named)) ? "unfinished" : undefined;
  const behind = named.slice(channel.length);
  const called = first ?? readTool(behind, tools);
  if (called === "unfinished") return called;
  const open = called === first ? behind : behind.slice(called?.length ?? 0);
  const before = at + CHANNEL.length + channel.length + behind.length - open.length;
  for (const format of called === undefined ? [""] : FORMATS) {
    const whole = format + MESSAGE;
    const length = before + whole.length;
    if (open.startsWith(whole)) return called === undefined ? { channel, length } : { channel, length, tool: called.name };
    if (whole.startsWith(open)) return "unfinished";
  }
  return undefined;
}

function readTool(text: string, tools: ReadonlySet<string>): { readonly name: string; readonly length: number } | "unfinished" | undefined {
  if (tools.size === 0) return undefined;
  if (TOOL.startsWith(text)) return "unfinished";
  if (!text.startsWith(TOOL)) return undefined;
  const name = /^[\w.:-]*/u.exec(text.slice(TOOL.length))?.[0] ?? "";
  const length = TOOL.length + name.length;
  if (length === text.length) return [...tools].some((tool) => tool.startsWith(name)) ? "unfinished" : undefined;
  return tools.has(name) ? { name, length } : undefined;
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
  readonly #tools: ReadonlySet<string>;
  /** `header`: between two messages. `call`: in the arguments of one. `plain`: everything else is text. */
  #state: Channel | "header" | "call" | "plain" = "header";
  /** The header of the call under way, the tool that it names, and what has come of its arguments. */
  #call = { header: "", tool: "", text: "" };
  #calls = 0;
  /** The bounds of what the calls of one answer may be. */
  readonly #bounds = new HeldParts();
  /** Of the message before, for the white space behind it. */
  #before: Channel | null = null;
  #held = "";
  /** White space before a header that belongs to no message yet. Apart, so that no length of it is looked at twice. */
  readonly #space = new ToldText();
  #recent = "";

  /** `tools`: the names of those that can be called. */
  constructor(tools: ReadonlySet<string>) {
    this.#tools = tools;
  }

  /** Calls of tools that were told of. */
  get calls(): number {
    return this.#calls;
  }

  /** `last`: nothing more follows, so what is held is what it looks like so far. Throws `AnswerTooLarge`. */
  read(text: string, last: boolean, out: ProviderEvent[]): void {
    this.#held += text;
    while (this.#held !== "" && this.#step(last, out));
    if (last && !this.#space.isEmpty && this.#step(last, out)) this.#step(last, out);
    // A call whose arguments had all come is over, too; what follows it is nothing.
    if (last && this.#state === "call") while (this.#step(last, out) && this.#held !== "");
  }

  /** False when nothing can be decided until more comes. */
  #step(last: boolean, out: ProviderEvent[]): boolean {
    if (this.#state === "header") return this.#begin(last, out);
    if (this.#state === "call") return this.#readCall(last, out);
    if (this.#state === "plain") this.#tell(this.#held.length, out);
    else if (this.#state === "final") return this.#sayFinally(last, out);
    else return this.#readMessage(this.#state, last, out);
    return false;
  }

  #begin(last: boolean, out: ProviderEvent[]): boolean {
    const words = this.#held.trimStart();
    const space = this.#held.slice(0, this.#held.length - words.length);
    this.#held = words;
    if (this.#before !== null) this.#say(space, out, this.#before);
    else if (space !== "") this.#space.add(space);
    const header = readHeader(words, this.#tools);
    if (header === "unfinished" && !last) return false;
    if (typeof header !== "object") {
      this.#held = this.#takeSpace() + words;
      this.#state = "plain";
      return true;
    }
    this.#say(this.#takeSpace(), out, header.channel);
    if (header.tool !== undefined) {
      this.#bounds.addCall(header.tool);
      this.#call = { header: words.slice(0, header.length), tool: header.tool, text: "" };
    }
    this.#held = words.slice(header.length);
    this.#state = header.tool === undefined ? header.channel : "call";
    return true;
  }

  #takeSpace(): string {
    const space = this.#space.text;
    this.#space.clear();
    return space;
  }

  /** Arguments that are none, or were cut, stay the text that they are. */
  #readCall(last: boolean, out: ProviderEvent[]): boolean {
    const held = this.#held;
    const found = firstCallEnd(held);
    const end = found?.at ?? (last ? held.length : held.length - unfinishedTail(held, CALL_ENDS));
    const more = held.slice(0, end);
    this.#bounds.addText(more);
    this.#call.text += more;
    this.#held = held.slice(end);
    if (found === undefined && !last) return false;
    const { header, tool, text } = this.#call;
    if (asObject(parseJson(text)) === undefined) {
      this.#held = header + text + this.#held;
      this.#state = "plain";
      return true;
    }
    out.push({ type: "tool-call", id: `call_${this.#calls}`, name: tool, arguments: text.trim() });
    this.#calls += 1;
    const mark = [CALL_END, ...ENDS].find((one) => this.#held.startsWith(one)) ?? "";
    this.#held = this.#held.slice(mark.length);
    this.#before = null;
    this.#state = "header";
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
    const first = firstMark(held);
    if (first === undefined) return undefined;
    const { at } = first;
    const end = ENDS.find((mark) => mark === first.mark);
    const header = end === undefined ? readHeader(held.slice(at), this.#tools) : undefined;
    if (header === "unfinished" && !last) return { is: "undecided", at };
    const length = end?.length ?? (typeof header === "object" ? header.length : 1);
    const before = this.#recent + held.slice(0, at);
    const after = held.slice(at + length);
    if (!last && mayBeQuoted(before, after)) return { is: "undecided", at };
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

  #tell(length: number, out: ProviderEvent[]): void {
    const text = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    this.#say(text, out, this.#state);
  }

  #say(text: string, out: ProviderEvent[], channel: Channel | "header" | "call" | "plain"): void {
    if (text === "") return;
    this.#recent = (this.#recent + text).slice(-RECENT);
    out.push({ type: channel === "analysis" ? "reasoning-delta" : "text-delta", text });
  }
}
