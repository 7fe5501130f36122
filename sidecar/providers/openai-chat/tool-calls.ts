// Puts tool calls together that arrive in pieces. By the standard a piece names its call by `index`, and the first carries
// id and name; what servers do instead is why this is a file of its own.

import type { JsonObject, JsonValue } from "../../types.ts";
import { calledName } from "../call-names.ts";
import { isWholeCall } from "../conversation.ts";
import { HeldParts } from "../held-parts.ts";
import { asCount, asItems, asJsonText, asObject, asText, parseJson } from "../json-fields.ts";
import type { ProviderEvent } from "../provider.ts";

/** How often the arguments of one call are looked at for their end, which costs as much as they are long. */
const MAX_LOOKS = 16;
/** Characters: as much as is looked at before that. */
const END_LENGTH = 8;
/** Characters that two pieces have in common at their beginning: with as many, the second repeats the first and goes on from there. */
const SURELY_REPEATED = 1000;
/** Stands for the index of the one call that a `function_call` can be; a count never is negative. */
const LEGACY = -1;

const NONE: ReadonlySet<string> = new Set();

interface CallInPieces {
  readonly index: number | undefined;
  id: string;
  name: string;
  /** All pieces, joined; the latest one alone where it surely repeats the others. */
  arguments: string;
  /** The latest piece, as long as each repeats the one before it and goes on from there. */
  grown: string | undefined;
  /** Their last characters: to look for these in what has grown by pieces costs as much as all of it is long. */
  end: string;
  extraContent: JsonValue | undefined;
  /** Of a tool that takes a text (https://platform.openai.com/docs/guides/function-calling#custom-tools), which is the arguments then. */
  isCustom: boolean;
  looks: number;
}

export interface FinishedCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  readonly extraContent: JsonValue | undefined;
}

export class ToolCallAssembly {
  readonly #calls: CallInPieces[] = [];
  readonly #held = new HeldParts();
  readonly #offered: ReadonlySet<string>;

  /** `offered`: the names of the tools that the model may call. */
  constructor(offered: readonly string[] = []) {
    this.#offered = offered.length === 0 ? NONE : new Set(offered);
  }

  /** Whether there is any that says something: some servers announce calls and send none. */
  get any(): boolean {
    return this.#calls.some(saysSomething);
  }

  /** `pieces` is the `tool_calls` of one delta. Whether they said something new. */
  add(pieces: JsonValue | undefined): boolean {
    let isNew = false;
    for (const value of asItems(pieces)) {
      const piece = asObject(value);
      if (piece === undefined) continue;
      if (this.#isLegacy) this.#calls.length = 0;
      if (this.#addPiece(piece)) isNew = true;
    }
    return isNew;
  }

  /**
   * The `function_call` of one delta: what a call was before there could be several, and what servers of that time still send.
   * Some repeat in it what stands under `tool_calls` (llama-cpp-python), so it counts only where no such call comes. Whether it said
   * something new.
   */
  addLegacy(called: JsonValue | undefined): boolean {
    const piece = asObject(called);
    if (piece === undefined) return false;
    const begins = this.#calls.length === 0 && (asText(piece["name"]) ?? "") !== "";
    return (begins || this.#isLegacy) && this.#addPiece({ function: piece }, LEGACY);
  }

  /**
   * In the order in which they began. A call that was given no id, or that of another, gets one that is unique in this answer.
   * `isCut`: the answer ended in the middle. Then the last call is whole only where its arguments are.
   */
  finished(isCut = false): readonly FinishedCall[] {
    if (this.#calls.length === 0) return [];
    const given = new Set(this.#calls.map((call) => call.id));
    const taken = new Set<string>();
    const calls = this.#calls.filter(saysSomething);
    const last = calls.at(-1);
    if (isCut && last !== undefined && (last.isCustom || !isWholeCall(argumentsOf(last)))) calls.pop();
    return calls.map((call, at) => {
      let id = call.id === "" ? `call_${at}` : call.id;
      // Results name their call by its id alone, so two calls must not share one.
      for (let next = at; taken.has(id) || (id !== call.id && given.has(id)); next += 1) id = `${call.id || "call"}_${next}`;
      taken.add(id);
      return { id, name: calledName(call.name), arguments: argumentsOf(call), extraContent: call.extraContent };
    });
  }

  get #isLegacy(): boolean {
    return this.#calls[0]?.index === LEGACY;
  }

  #addPiece(piece: JsonObject, index = asCount(piece["index"])): boolean {
    const custom = asObject(piece["custom"]);
    const called = custom ?? asObject(piece["function"]);
    const id = asText(piece["id"]) ?? "";
    const name = asText(called?.["name"]) ?? "";
    const written = custom === undefined ? asJsonText(called?.["arguments"]) : (asText(custom["input"]) ?? "");
    const call = this.#callOf({ id, name, written }, index);
    if (call === undefined) return false;
    // What repeats the call's id or name alone says nothing: some do so behind the finish reason, which stands then.
    const named = call.name === "" ? name : (this.#joinedName(call, name) ?? call.name);
    const isNew = written !== "" || (call.id === "" && id !== "") || named !== call.name;
    if (call.id === "") call.id = id;
    call.name = named;
    if (custom !== undefined) call.isCustom = true;
    if (written !== "") this.#grow(call, written);
    if (piece["extra_content"] !== undefined) this.#held.addPart(piece["extra_content"]);
    if (piece["extra_content"] !== undefined) call.extraContent = piece["extra_content"];
    return isNew;
  }

  #grow(call: CallInPieces, written: string): void {
    const before = call.grown ?? "";
    call.grown = grownBy(call, written);
    // Joined, pieces that repeat each other would be as long as their number squared.
    const isRepeated = call.grown !== undefined && before.length >= SURELY_REPEATED && written.length > before.length;
    this.#held.addText(isRepeated ? written.slice(before.length) : written);
    call.arguments = isRepeated ? written : call.arguments + written;
    call.end = (written.length < END_LENGTH ? call.end + written : written).slice(-END_LENGTH);
  }

  /**
   * The call that a piece belongs to; undefined for one that is told of again. A call has one name: another, which is not the rest of
   * it, begins another call, under whatever index and id, for servers exist that give all calls the same. Nothing can follow an
   * object that is whole: an object behind it, under the same index and without an id of its own, is another call, for Gemini's
   * interface gives all calls of an answer one index (NousResearch/hermes-agent#62940) and gateways lose their names beside
   * (dyedd/lens#49). An empty object that arguments of the same call follow was no more than a place kept for them.
   */
  #callOf(
    piece: { readonly id: string; readonly name: string; readonly written: string },
    index: number | undefined,
  ): CallInPieces | undefined {
    const { id, name, written } = piece;
    const found = this.#find(id, name, index);
    if (found === undefined) return this.#begin(index);
    if (name !== "" && found.name !== "" && name !== found.name) {
      return this.#joinedName(found, name) === undefined ? this.#begin(index) : found;
    }
    if (found.isCustom || !/^\s*[{"]/u.test(written) || !isWhole(found)) return found;
    const told = argumentsOf(found);
    if (isSame(written, told)) return undefined;
    const isItsOwn = id === "" ? name === "" : id === found.id;
    if (isItsOwn && /^\s*\{\s*\}\s*$/u.test(told)) {
      found.arguments = "";
      found.end = "";
      return found;
    }
    const call = this.#begin(index);
    call.name = found.name;
    return call;
  }

  /**
   * A new id is a new call, even under an index that is taken: Ollama gives every call the index 0 (quirk 39), unless it
   * has no name: then it is the rest of the call before. So is a new index, even with an id that is taken: servers exist that
   * give all calls one id. Without an id the index decides, and without an index the call that came last (quirk 40), unless a
   * name begins another.
   */
  #find(id: string, name: string, index: number | undefined): CallInPieces | undefined {
    if (id !== "") {
      const known = this.#calls.findLast(
        (call) => call.id === id && (index === undefined || call.index === undefined || call.index === index),
      );
      if (known !== undefined) return known;
      if (index === undefined) return undefined;
      const begun = this.#calls.findLast((call) => call.index === index && call.id === "");
      return begun ?? (name === "" ? this.#calls.findLast((call) => call.index === index && call.name !== "") : undefined);
    }
    if (index !== undefined) return this.#calls.findLast((call) => call.index === index);
    const last = this.#calls.at(-1);
    return name === "" || last?.name === "" ? last : undefined;
  }

  /**
   * The name of a call whose name comes in pieces, as Gemini's models may send it (continuedev/continue#5849); undefined where
   * `name` is no piece of it. Which tools were offered decides that: together they begin the name of one, and one of the two alone
   * is none; or the piece has all that came before it.
   */
  #joinedName(call: CallInPieces, name: string): string | undefined {
    if (name === "" || name === call.name || call.arguments !== "") return undefined;
    const begins = (joined: string): boolean => [...this.#offered].some((offered) => offered.startsWith(joined));
    const isOffered = this.#offered.has(call.name);
    if (!isOffered && name.startsWith(call.name) && begins(name)) return name;
    return (!isOffered || !this.#offered.has(name)) && begins(call.name + name) ? call.name + name : undefined;
  }

  #begin(index: number | undefined): CallInPieces {
    // Each new piece is compared with all calls.
    this.#held.addCall(undefined);
    const call = { index, id: "", name: "", arguments: "", end: "", grown: undefined, extraContent: undefined, isCustom: false, looks: 0 };
    this.#calls.push(call);
    return call;
  }
}

/** Looked at only where it seems so, and not again and again: arguments can hold text that looks like their end. */
function isWhole(call: CallInPieces): boolean {
  if (!/\}\s*$/u.test(call.end) || call.looks === MAX_LOOKS) return false;
  call.looks += 1;
  return asObject(parseJson(argumentsOf(call))) !== undefined;
}

function grownBy({ arguments: before, grown }: CallInPieces, written: string): string | undefined {
  return before === "" || (grown !== undefined && written.startsWith(grown)) ? written : undefined;
}

/**
 * Some servers send with each piece all that came before it (NousResearch/hermes-agent#35718): the last one is all there is. Pieces
 * can begin alike by chance too, as `{"not":` and `{"not":{}}}` do: then they are JSON once they are joined.
 */
function argumentsOf({ arguments: joined, grown, isCustom }: CallInPieces): string {
  if (isCustom) return JSON.stringify({ input: joined });
  const isGrown = grown !== undefined && grown.length < joined.length;
  return isGrown && parseJson(joined) === undefined ? grown : joined;
}

/** With other spacing, or written as JSON once more, which gateways do where they repeat what came in pieces (BerriAI/litellm#20480). */
function isSame(written: string, told: string): boolean {
  if (written === told) return true;
  const value = parseJson(written);
  const again = typeof value === "string" ? parseJson(value) : value;
  return again !== undefined && JSON.stringify(again) === JSON.stringify(parseJson(told));
}

function saysSomething({ id, name, arguments: text }: CallInPieces): boolean {
  return id !== "" || name !== "" || text !== "";
}

export function toolCallEvent(call: FinishedCall): ProviderEvent {
  return { type: "tool-call", id: call.id, name: call.name, arguments: call.arguments };
}
