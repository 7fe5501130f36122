// A second model for tests, unlike the demo in what a runtime must read from the file: a SentencePiece vocabulary with byte
// fallback, a chat template with line breaks around its markers, a turn that ends by another token than the text, and a small
// context. It answers with the user's last message in lower case.

import { writeFileSync } from "node:fs";
import { type EchoModel, encodeEchoModel } from "../../sidecar/local/demo/echo-model.ts";

/** Tokens, for the conversation and the answer together. */
export const SECOND_MODEL_CONTEXT = 1024;

/** Values of llama.cpp's token types. */
const TYPE = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;
interface Token {
  readonly text: string;
  readonly type: keyof typeof TYPE;
  /** The higher it is, the earlier two neighbours are joined to this piece. */
  readonly score: number;
}

/** SentencePiece writes a space as this character. */
const SPACE = "\u2581";
const CONTROL = ["<|parley|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"];
const LONG_PIECES = [
  "th",
  "he",
  "in",
  "er",
  "an",
  "re",
  "on",
  " t",
  " the",
  "The",
  " The",
  "ing",
  " a",
  " of",
  " and",
  "tion",
  "RE",
  " IN",
];

function vocabulary(): readonly Token[] {
  const special = (text: string, type: Token["type"]): Token => ({ text, type, score: 0 });
  const bytes = Array.from({ length: 256 }, (_, code) => `<0x${code.toString(16).toUpperCase().padStart(2, "0")}>`);
  const letters = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i));
  // What lower-case answers consist of must be there too.
  const pieces = new Set([...letters, ...LONG_PIECES, ...LONG_PIECES.map((piece) => piece.toLowerCase())]);
  return [
    special("<unk>", "unknown"),
    special("<s>", "control"),
    special("</s>", "control"),
    ...bytes.map((text) => special(text, "byte")),
    ...CONTROL.map((text) => special(text, "control")),
    ...Array.from(pieces, (piece, i): Token => ({
      text: piece.replaceAll(" ", SPACE),
      type: "normal",
      score: 10 * piece.length - i - 1000,
    })),
  ];
}

function secondModel(): EchoModel {
  const tokens = vocabulary();
  const numbers = new Map(tokens.map(({ text }, number) => [text, number]));
  const token = (text: string): number => {
    const number = numbers.get(text);
    if (number === undefined) throw new RangeError(`"${text}" is not in the vocabulary.`);
    return number;
  };
  const uint32 = (value: number) => ({ type: "uint32", value }) as const;
  return {
    name: "Second test model",
    description: "Answers with the user's last message in lower case.",
    contextLength: SECOND_MODEL_CONTEXT,
    echoes: tokens.map(({ text, type }, number) => (type === "normal" ? token(text.toLowerCase()) : number)),
    markers: {
      begin: token("<s>"),
      sink: token("<|parley|>"),
      system: token("<|system|>"),
      user: token("<|user|>"),
      echo: token("<|assistant|>"),
    },
    // The marker, the space that SentencePiece puts after a special token, and the line break.
    header: 3,
    tokenizer: {
      "tokenizer.ggml.model": { type: "string", value: "llama" },
      "tokenizer.ggml.pre": { type: "string", value: "default" },
      "tokenizer.ggml.tokens": { type: "array", of: "string", value: tokens.map(({ text }) => text) },
      "tokenizer.ggml.scores": { type: "array", of: "float32", value: tokens.map(({ score }) => score) },
      "tokenizer.ggml.token_type": { type: "array", of: "int32", value: tokens.map(({ type }) => TYPE[type]) },
      "tokenizer.ggml.unknown_token_id": uint32(token("<unk>")),
      "tokenizer.ggml.bos_token_id": uint32(token("<s>")),
      "tokenizer.ggml.eos_token_id": uint32(token("</s>")),
      "tokenizer.ggml.eot_token_id": uint32(token("<|end|>")),
      "tokenizer.ggml.add_bos_token": { type: "bool", value: true },
      "tokenizer.ggml.add_space_prefix": { type: "bool", value: true },
      "tokenizer.chat_template": {
        type: "string",
        value:
          "{{ bos_token }}<|parley|>{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}" +
          "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}",
      },
    },
  };
}

/** Writes the model, about 1.5 MB, the same bytes each time. */
export function writeSecondModel(path: string): void {
  writeFileSync(path, encodeEchoModel(secondModel()));
}
