// Writes GGUF version 3, the file format of llama.cpp: a header, typed metadata, a table of tensors, and their data aligned
// to 32 bytes. Source: docs/gguf.md of the ggml project.

import { float16Bits } from "./float16.ts";

export type GgufValue =
  | { readonly type: "uint32" | "int32" | "float32"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "array"; readonly of: "int32" | "float32"; readonly value: readonly number[] }
  | { readonly type: "array"; readonly of: "string"; readonly value: readonly string[] };

export interface GgufTensor {
  readonly name: string;
  readonly format: "F32" | "F16";
  /** Length of a row first, as GGUF counts dimensions. */
  readonly dimensions: readonly number[];
  /** Row after row. */
  readonly data: Float32Array;
}

const VALUE_TYPES = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;
const TENSOR_FORMATS = { F32: { id: 0, bytes: 4 }, F16: { id: 1, bytes: 2 } } as const;
const ALIGNMENT = 32;

/** The whole file. Meant for models of a few megabytes. */
export function encodeGguf(metadata: Readonly<Record<string, GgufValue>>, tensors: readonly GgufTensor[]): Uint8Array {
  const head = new ByteBuilder();
  head.bytes(Buffer.from("GGUF"));
  head.uint32(3);
  head.uint64(tensors.length);
  head.uint64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    head.string(key);
    head.uint32(VALUE_TYPES[value.type]);
    writeValue(head, value);
  }
  let offset = 0;
  for (const { name, format, dimensions, data } of tensors) {
    head.string(name);
    head.uint32(dimensions.length);
    for (const dimension of dimensions) head.uint64(dimension);
    head.uint32(TENSOR_FORMATS[format].id);
    head.uint64(offset);
    offset = aligned(offset + data.length * TENSOR_FORMATS[format].bytes);
  }
  head.padTo(ALIGNMENT);
  for (const tensor of tensors) {
    head.bytes(encodeTensor(tensor));
    head.padTo(ALIGNMENT);
  }
  return head.concat();
}

function writeValue(out: ByteBuilder, value: GgufValue): void {
  switch (value.type) {
    case "uint32":
      return out.uint32(value.value);
    case "int32":
      return out.int32(value.value);
    case "float32":
      return out.float32(value.value);
    case "bool":
      return out.bytes(Uint8Array.of(value.value ? 1 : 0));
    case "string":
      return out.string(value.value);
    case "array":
      out.uint32(VALUE_TYPES[value.of]);
      out.uint64(value.value.length);
      if (value.of === "string") for (const text of value.value) out.string(text);
      else for (const number of value.value) out[value.of](number);
  }
}

function encodeTensor({ name, format, dimensions, data }: GgufTensor): Uint8Array {
  const elements = dimensions.reduce((product, dimension) => product * dimension, 1);
  if (elements !== data.length) throw new Error(`${name} has ${data.length} numbers, its dimensions say ${elements}.`);
  const bytes = new Uint8Array(data.length * TENSOR_FORMATS[format].bytes);
  const view = new DataView(bytes.buffer);
  if (format === "F32") data.forEach((number, index) => view.setFloat32(index * 4, number, true));
  else data.forEach((number, index) => view.setUint16(index * 2, float16Bits(number), true));
  return bytes;
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** Little-endian numbers and length-prefixed strings, one after the other. */
class ByteBuilder {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  bytes(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
  }
  uint32(value: number): void {
    this.#number(4, (view) => view.setUint32(0, value, true));
  }
  int32(value: number): void {
    this.#number(4, (view) => view.setInt32(0, value, true));
  }
  float32(value: number): void {
    this.#number(4, (view) => view.setFloat32(0, value, true));
  }
  uint64(value: number): void {
    this.#number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  }
  string(text: string): void {
    const encoded = Buffer.from(text, "utf8");
    this.uint64(encoded.length);
    this.bytes(encoded);
  }
  padTo(alignment: number): void {
    this.bytes(new Uint8Array((alignment - (this.#length % alignment)) % alignment));
  }
  concat(): Uint8Array {
    return Buffer.concat(this.#parts, this.#length);
  }

  #number(size: number, write: (view: DataView) => void): void {
    const bytes = new Uint8Array(size);
    write(new DataView(bytes.buffer));
    this.bytes(bytes);
  }
}
