// The demo model's vocabulary, chat template and commands. README.md in this folder says what it answers.

import { ByteVocabulary } from "./byte-vocabulary.ts";
import { CIRCLE, INTRODUCTION, SCRIPT } from "./demo-text.ts";
import type { EchoModel } from "./echo-model.ts";
import type { GgufValue } from "./gguf-writer.ts";
import { merges } from "./merges.ts";

const CONTROL = ["<|begin|>", "<|parley|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|echo|>"];

/**
 * `echo` is a parameter of the template: answers then open with another marker, by which the model knows what to do.
 * Earlier answers get the same marker, so that a conversation that goes on begins with the same tokens.
 */
const CHAT_TEMPLATE =
  "{{ bos_token }}<|parley|>{% set reply = '<|echo|>' if echo else '<|assistant|>' %}" +
  "{% for message in messages %}{{ (reply if message.role == 'assistant' else '<|' + message.role + '|>') + message.content + '<|end|>' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ reply }}{% endif %}";

/**
 * Cuts a text into words that are all different and none of them in `used`: llama.cpp refuses two tokens of the same text,
 * and a rule knows what to say next from the last word alone. Adds them to `used`.
 */
export function distinctWords(text: string, used: Set<string>): string[] {
  const words: string[] = [];
  let pending = "";
  for (const piece of text.match(/\s*\S+(?:\s+$)?/gu) ?? []) {
    pending += piece;
    if (used.has(pending)) continue;
    used.add(pending);
    words.push(pending);
    pending = "";
  }
  if (pending !== "") throw new Error(`"${pending}" ends the text, but was said before.`);
  return words;
}

/** Texts that are tokens already: single bytes, pieces, and pieces in upper case. */
function piecesInUse(): Set<string> {
  const pieces = merges.map((merge) => merge.replace(" ", "").replaceAll("Ġ", " "));
  const bytes = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
  return new Set([...bytes, ...pieces, ...pieces.map((piece) => piece.toUpperCase())]);
}

export function demoModel(): EchoModel {
  const used = piecesInUse();
  const introduction = distinctWords(INTRODUCTION, used);
  const script = distinctWords(SCRIPT, used);
  const vocabulary = new ByteVocabulary({ control: CONTROL, merges, words: [...introduction, ...script] });
  const token = (text: string): number => vocabulary.token(text);
  return {
    name: "Parley demo",
    description: "A hand-made transformer without knowledge: it says what it is and repeats the question.",
    contextLength: 16_384,
    echoes: vocabulary.upperCase,
    markers: {
      begin: token("<|begin|>"),
      sink: token("<|parley|>"),
      system: token("<|system|>"),
      user: token("<|user|>"),
      echo: token("<|echo|>"),
    },
    header: 1,
    demo: {
      reply: token("<|assistant|>"),
      end: token("<|end|>"),
      introduction: introduction.map(token),
      script: script.map(token),
      commandMark: token("^"),
      letters: { echo: token("="), firstQuestion: token("^"), system: token("$"), endless: token("#"), script: token("%") },
      circle: Array.from(CIRCLE, token),
    },
    tokenizer: {
      ...vocabulary.metadata(),
      ...specialTokens(token("<|begin|>"), token("<|end|>")),
      "tokenizer.chat_template": { type: "string", value: CHAT_TEMPLATE },
    },
  };
}

function specialTokens(begin: number, end: number): Readonly<Record<string, GgufValue>> {
  return {
    "tokenizer.ggml.bos_token_id": { type: "uint32", value: begin },
    "tokenizer.ggml.eos_token_id": { type: "uint32", value: end },
    "tokenizer.ggml.eot_token_id": { type: "uint32", value: end },
    "tokenizer.ggml.add_bos_token": { type: "bool", value: true },
  };
}
