// A byte-level vocabulary as GPT-2 has it: every byte is a token, some pieces of common words are too, and text of any kind
// survives it unchanged.

import type { GgufValue } from "./gguf-writer.ts";

const BYTES = 256;
/** Values of llama.cpp's token types. */
const NORMAL = 1;
const CONTROL = 3;

export interface ByteVocabularyOptions {
  /** Tokens that stand for themselves and are never made from text. */
  readonly control: readonly string[];
  /** Pairs of pieces that the tokenizer joins, each `left right`, in the vocabulary's own alphabet. */
  readonly merges: readonly string[];
  /** Texts that are printed as one token and never made from text. All different, and none of them a piece. */
  readonly words: readonly string[];
}

export class ByteVocabulary {
  readonly size: number;
  /** For each token the one that has its text in upper case. Letters outside ASCII stay as they are. */
  readonly upperCase: readonly number[];
  readonly #tokens: readonly string[];
  readonly #options: ByteVocabularyOptions;
  readonly #aliases = byteAliases();
  readonly #numbers = new Map<string, number>();

  constructor(options: ByteVocabularyOptions) {
    this.#options = options;
    const pieces = options.merges.map((merge) => merge.replace(" ", ""));
    const capitals = pieces.map(upperCaseAscii);
    const words = options.words.map((word) => this.#alias(word));
    for (const token of [...this.#aliases, ...options.control, ...words, ...pieces, ...capitals]) {
      if (!this.#numbers.has(token)) this.#numbers.set(token, this.#numbers.size);
    }
    this.#tokens = [...this.#numbers.keys()];
    this.size = this.#tokens.length;
    const isText = (token: string, number: number): boolean => number < BYTES || pieces.includes(token);
    this.upperCase = this.#tokens.map((token, number) => (isText(token, number) ? this.#number(upperCaseAscii(token)) : number));
  }

  /** The number of a control token, or of a word or a single byte given as text. */
  token(text: string): number {
    return this.#number(this.#options.control.includes(text) ? text : this.#alias(text));
  }

  /** What a GGUF file says of it, without the special tokens' numbers and the chat template. */
  metadata(): Readonly<Record<string, GgufValue>> {
    const control = new Set(this.#options.control);
    return {
      "tokenizer.ggml.model": { type: "string", value: "gpt2" },
      "tokenizer.ggml.pre": { type: "string", value: "gpt-2" },
      "tokenizer.ggml.tokens": { type: "array", of: "string", value: this.#tokens },
      "tokenizer.ggml.token_type": {
        type: "array",
        of: "int32",
        value: this.#tokens.map((token) => (control.has(token) ? CONTROL : NORMAL)),
      },
      "tokenizer.ggml.merges": { type: "array", of: "string", value: this.#options.merges },
    };
  }

  #number(token: string): number {
    const number = this.#numbers.get(token);
    if (number === undefined) throw new RangeError(`"${token}" is not in the vocabulary.`);
    return number;
  }

  #alias(text: string): string {
    return Array.from(Buffer.from(text, "utf8"), (code) => this.#aliases[code]).join("");
  }
}

/** The printable character that stands for each byte. */
function byteAliases(): readonly string[] {
  const isPrintable = (code: number): boolean => (code >= 33 && code <= 126) || (code >= 161 && code !== 173);
  let moved = 0;
  return Array.from({ length: BYTES }, (_, code) => String.fromCodePoint(isPrintable(code) ? code : BYTES + moved++));
}

function upperCaseAscii(text: string): string {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}
