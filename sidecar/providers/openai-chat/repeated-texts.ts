// Texts of which each piece repeats all that came before it and goes on from there: so Alibaba's servers were seen to stream
// (QwenLM/qwen-code#3896), and so MiniMax's documentation reads its own (https://platform.minimax.io/docs/guides/text-m2-function-call,
// "OpenAI SDK"), which were also seen to send what is new alone (MiniMax-AI/MiniMax-M2#95). The pieces themselves must tell. Elsewhere
// one that begins with all before it is ordinary text, so only who is named here is looked at.

import type { JsonObject, JsonValue } from "../../types.ts";
import { asCount, asList, asObject, asText } from "../json-fields.ts";
import type { WireTarget } from "../wire-adapter.ts";

const HOSTS = /(?:^|\.)(?:dashscope(?:-[a-z]+)?\.aliyuncs\.com|minimax\.io|minimaxi\.com)$/u;
/** As chunks name their model, or the form of their details of reasoning, also through a gateway. */
const NAMES = /minimax/iu;
const FIELDS: readonly string[] = ["content", "reasoning_content", "reasoning", "reasoning_text"];
/** Characters of a piece that comes once more, and is no new one. */
const SURELY_REPEATED = 64;
/** Words with which two pieces begin, where there is no third. Figures, and a sound twice, begin alike by chance. */
const BEGINS_ALIKE = /^(?=.*\p{L}).{4}/su;
/** One character again and again: lines, blanks, zeros. */
const ONE_CHARACTER = /^(.)\1*$/su;
/** Of one answer. A detail beyond them is taken as it comes. */
const MAX_TEXTS = 100;

/** `chunk`: the first one with a choice. Null: each of its pieces is new. */
export function repeatedTexts(chunk: JsonObject, { baseUrl }: WireTarget): RepeatedTexts | null {
  const delta = asObject(asObject(asList(chunk["choices"])?.[0])?.["delta"]);
  const detail = asObject(asList(delta?.["reasoning_details"])?.[0]);
  const names = [chunk["model"], detail?.["format"]].map((name) => asText(name) ?? "");
  return HOSTS.test(baseUrl.hostname) || names.some((name) => NAMES.test(name)) ? new RepeatedTexts() : null;
}

/** The texts of one answer, each by itself: the name of its field, or the place of its detail of reasoning. */
export class RepeatedTexts {
  readonly #texts = new Map<string | number, RepeatedText>();
  /** Of each place, as it came last. */
  readonly #details = new Map<number, JsonObject>();

  readonly #keepsAll: boolean;

  /** `keepsAll`: what is told last can be all of it once more, though its pieces were new. */
  constructor(keepsAll = false) {
    this.#keepsAll = keepsAll;
  }

  /** No text that has begun repeats itself: each piece is new, and need not be looked at. */
  get areApart(): boolean {
    return [...this.#texts.values()].every((text) => text.isApart);
  }

  /**
   * The delta with what is new of its texts, and with what was held back of others: they have ended. `delta` undefined: there is none,
   * and there is none either if nothing was held back.
   */
  newOf(delta: JsonObject | undefined): JsonObject | undefined {
    const news: Record<string, JsonValue | undefined> = { ...delta };
    let isHeld = false;
    for (const field of FIELDS) {
      const piece = delta?.[field];
      if (typeof piece === "string" && piece !== "") {
        news[field] = this.#text(field)?.newOf(piece) ?? piece;
        continue;
      }
      const rest = this.#texts.get(field)?.rest() ?? "";
      if (rest !== "") news[field] = rest;
      isHeld ||= rest !== "";
    }
    const details = (asList(delta?.["reasoning_details"]) ?? []).map((detail) => this.#newOfDetail(detail));
    const told = new Set(details.map(placeOf));
    for (const [place, detail] of this.#details) {
      const rest = told.has(place) ? "" : (this.#texts.get(place)?.rest() ?? "");
      if (rest !== "") details.push({ ...detail, text: rest });
      isHeld ||= rest !== "";
    }
    if (details.length > 0) news["reasoning_details"] = details;
    return delta === undefined && !isHeld ? undefined : news;
  }

  #newOfDetail(value: JsonValue): JsonValue {
    const detail = asObject(value);
    const piece = asText(detail?.["text"]) ?? "";
    const text = piece === "" ? undefined : this.#text(placeOf(value));
    if (detail === undefined || text === undefined) return value;
    this.#details.set(placeOf(value), detail);
    return { ...detail, text: text.newOf(piece) };
  }

  #text(key: string | number): RepeatedText | undefined {
    const known = this.#texts.get(key);
    if (known !== undefined || this.#texts.size === MAX_TEXTS) return known;
    const text = new RepeatedText(this.#keepsAll);
    this.#texts.set(key, text);
    return text;
  }
}

function placeOf(detail: JsonValue): number {
  return asCount(asObject(detail)?.["index"]) ?? 0;
}

/**
 * The second piece raises the question, and the third answers it: what only begins alike by chance, as `a` and `and` do, goes on in
 * another way. The second is held back until then.
 */
class RepeatedText {
  #kind: "unknown" | "repeated" | "apart" = "unknown";
  /** All that was told, in one piece. */
  #told = "";
  /** A second piece that begins with the first. */
  #held: string | null = null;
  readonly #keepsAll: boolean;

  constructor(keepsAll: boolean) {
    this.#keepsAll = keepsAll;
  }

  get isApart(): boolean {
    return this.#kind === "apart";
  }

  newOf(piece: string): string {
    if (this.#kind === "apart") return this.#newApart(piece);
    if (this.#kind === "repeated" || this.#told === "") return this.#goOn(piece);
    const held = this.#held;
    if (piece === this.#told && piece.length >= SURELY_REPEATED) {
      this.#kind = "repeated";
      return "";
    }
    if (held === null && piece.startsWith(this.#told) && piece.length > this.#told.length) {
      this.#held = piece;
      return "";
    }
    this.#held = null;
    if (held !== null && piece.startsWith(held) && !ONE_CHARACTER.test(held)) {
      this.#kind = "repeated";
      return this.#goOn(piece);
    }
    this.#kind = "apart";
    return (held === null ? "" : this.#newApart(held)) + this.#newApart(piece);
  }

  #newApart(piece: string): string {
    if (!this.#keepsAll) return piece;
    if (piece === this.#told) return "";
    this.#told += piece;
    return piece;
  }

  /** What is new in the piece that was held back, where no other follows. */
  rest(): string {
    const held = this.#held;
    if (held === null) return "";
    this.#held = null;
    this.#kind = BEGINS_ALIKE.test(this.#told) ? "repeated" : "apart";
    return this.#kind === "repeated" ? this.#goOn(held) : this.#newApart(held);
  }

  /** An earlier piece once more says nothing; what does not go on from the one before is another text. */
  #goOn(piece: string): string {
    const before = this.#told;
    if (before.startsWith(piece)) return "";
    this.#told = piece;
    return piece.startsWith(before) ? piece.slice(before.length) : piece;
  }
}
