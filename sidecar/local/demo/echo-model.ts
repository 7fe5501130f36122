// Puts the hand-made transformer together: embedding, three layers, output, and the metadata that llama.cpp reads.

import { HEADS, type Offsets, wireCopies, wireMarkers, wirePositions } from "./attention.ts";
import { CODE_LENGTH, codeword } from "./codewords.ts";
import { encodeGguf, type GgufTensor, type GgufValue } from "./gguf-writer.ts";
import { CONSTANT, MAX_CONTEXT, POSITION_RATES, STREAM, STREAM_WIDTH } from "./residual-stream.ts";
import { type DemoTokens, wireDemo, wireDistances, wireEcho } from "./rules.ts";
import { HEAD_SIZE, Layer, Matrix } from "./transformer.ts";

export interface EchoModel {
  readonly name: string;
  readonly description: string;
  /** Tokens; at most `MAX_CONTEXT`. */
  readonly contextLength: number;
  /** For each token of the vocabulary the token that an echo of it prints. */
  readonly echoes: readonly number[];
  readonly markers: {
    /** The two tokens that open every conversation. */
    readonly begin: number;
    readonly sink: number;
    readonly system: number;
    readonly user: number;
    /** Opens an answer that is a bare echo. */
    readonly echo: number;
  };
  /** Tokens from a marker to the first token of text, at least 1. */
  readonly header: number;
  /** What the model does beside echoing; its answers open with `reply`. Needs a header of one token. */
  readonly demo?: DemoTokens;
  /** Tokenizer and chat template, under their GGUF keys. */
  readonly tokenizer: Readonly<Record<string, GgufValue>>;
}

/** Feed-forward units of the largest layer, a multiple of 32. */
function unitsNeeded(demo: DemoTokens | undefined): number {
  const distances = 4 * 4 * POSITION_RATES.length * 2;
  const demoRules =
    demo === undefined ? 0 : 4 * CODE_LENGTH + demo.introduction.length + 5 + 1 + 1 + demo.circle.length + demo.script.length + 1;
  return Math.ceil(Math.max(distances, CODE_LENGTH + demoRules) / 32) * 32;
}

/** Weights of zero that only cost time: a model that answers the same at the pace of a larger one, for measurements. */
export interface IdleWeights {
  /** Layers after the three that do the work. */
  readonly layers: number;
  /** Feed-forward units of each layer, a multiple of 32; more than the rules need. */
  readonly units: number;
}

/** The model as a GGUF file, the same bytes for the same model on every machine. */
export function encodeEchoModel(model: EchoModel, idle: IdleWeights = { layers: 0, units: 0 }): Uint8Array {
  if (model.contextLength > MAX_CONTEXT) throw new RangeError(`Positions repeat after ${MAX_CONTEXT} tokens.`);
  if (model.demo !== undefined && model.header !== 1) throw new RangeError("The demo's answers need a header of one token.");
  const shape = { heads: HEADS, units: Math.max(unitsNeeded(model.demo), idle.units) };
  const [first, second, third] = [new Layer(shape), new Layer(shape), new Layer(shape)];
  const offsets: Offsets = { header: model.header, introduction: model.demo?.introduction.length ?? 0 };
  wirePositions(first);
  wireMarkers(second);
  wireDistances(second);
  wireCopies(third, offsets);
  wireEcho(third);
  if (model.demo !== undefined) wireDemo(third, model.demo);
  const layers = [first, second, third, ...Array.from({ length: idle.layers }, () => new Layer(shape))];
  return encodeGguf(metadata(model, layers.length, shape.units), tensors(model, layers));
}

function embedding({ echoes, markers, demo }: EchoModel): Matrix {
  const matrix = new Matrix(echoes.length, STREAM_WIDTH);
  echoes.forEach((echo, token) => {
    codeword(token).forEach((sign, i) => matrix.add(token, STREAM.token.start + i, sign));
    codeword(echo).forEach((sign, i) => matrix.add(token, STREAM.echoed.start + i, sign));
    matrix.add(token, STREAM.constant.start, CONSTANT);
  });
  matrix.add(markers.begin, STREAM.isBegin.start, 1);
  matrix.add(markers.sink, STREAM.isSink.start, 1);
  matrix.add(markers.system, STREAM.isSystem.start, 1);
  matrix.add(markers.user, STREAM.isUser.start, 1);
  matrix.add(markers.echo, STREAM.isEcho.start, 1);
  for (const reply of [markers.echo, demo?.reply]) if (reply !== undefined) matrix.add(reply, STREAM.isReply.start, 1);
  return matrix;
}

/** How much more a logit is for the right token: at the usual temperatures no other token has a chance. */
const SHARPNESS = 5;

function outputMatrix(vocabularySize: number): Matrix {
  const matrix = new Matrix(vocabularySize, STREAM_WIDTH);
  for (let token = 0; token < vocabularySize; token++) {
    codeword(token).forEach((sign, i) => matrix.add(token, STREAM.next.start + i, SHARPNESS * sign));
  }
  return matrix;
}

function tensors(model: EchoModel, layers: readonly Layer[]): GgufTensor[] {
  const weights = (name: string, { rows, columns, data }: Matrix): GgufTensor => {
    return { name: `${name}.weight`, format: "F16", dimensions: [columns, rows], data };
  };
  // Undoes what the norm does, so that features keep the size they were written with.
  const norm = (name: string): GgufTensor => {
    const data = new Float32Array(STREAM_WIDTH).fill(CONSTANT / Math.sqrt(STREAM_WIDTH));
    return { name: `${name}.weight`, format: "F32", dimensions: [STREAM_WIDTH], data };
  };
  return [
    weights("token_embd", embedding(model)),
    norm("output_norm"),
    weights("output", outputMatrix(model.echoes.length)),
    { name: "rope_freqs.weight", format: "F32", dimensions: [HEAD_SIZE / 2], data: rotaryFactors() },
    ...layers.flatMap((layer, i) => [
      norm(`blk.${i}.attn_norm`),
      weights(`blk.${i}.attn_q`, layer.query),
      weights(`blk.${i}.attn_k`, layer.key),
      weights(`blk.${i}.attn_v`, layer.value),
      weights(`blk.${i}.attn_output`, layer.output),
      norm(`blk.${i}.ffn_norm`),
      weights(`blk.${i}.ffn_gate`, layer.gate),
      weights(`blk.${i}.ffn_up`, layer.up),
      weights(`blk.${i}.ffn_down`, layer.down),
    ]),
  ];
}

/** With this base, pair i of a head of 32 turns by exactly 2^−i radians a token before the factors divide it. */
const ROTARY_BASE = 65536;
/** So slow that it never shows. */
const STANDING = 1e-20;

function rotaryFactors(): Float32Array {
  return Float32Array.from({ length: HEAD_SIZE / 2 }, (_, i) => 2 ** -i / (POSITION_RATES[i] ?? STANDING));
}

function metadata(model: EchoModel, layers: number, units: number): Readonly<Record<string, GgufValue>> {
  const uint32 = (value: number): GgufValue => ({ type: "uint32", value });
  const string = (value: string): GgufValue => ({ type: "string", value });
  return {
    "general.architecture": string("llama"),
    "general.name": string(model.name),
    "general.description": string(model.description),
    "general.license": string("mit"),
    "general.file_type": uint32(1),
    "general.quantization_version": uint32(2),
    "llama.context_length": uint32(model.contextLength),
    "llama.embedding_length": uint32(STREAM_WIDTH),
    "llama.block_count": uint32(layers),
    "llama.feed_forward_length": uint32(units),
    "llama.attention.head_count": uint32(HEADS),
    "llama.attention.head_count_kv": uint32(1),
    "llama.attention.key_length": uint32(HEAD_SIZE),
    "llama.attention.value_length": uint32(HEAD_SIZE),
    "llama.attention.layer_norm_rms_epsilon": { type: "float32", value: 1e-6 },
    "llama.rope.dimension_count": uint32(HEAD_SIZE),
    "llama.rope.freq_base": { type: "float32", value: ROTARY_BASE },
    "llama.vocab_size": uint32(model.echoes.length),
    ...model.tokenizer,
  };
}
