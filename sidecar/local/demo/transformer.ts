// The skeleton of a llama-architecture transformer whose weights are set one by one: matrices that are zero until wired,
// attention heads that share one key and value head, and gated feed-forward units.

import { CONSTANT, type Feature, FREQUENCIES, POSITION_RATES, STREAM, STREAM_WIDTH } from "./residual-stream.ts";

/** Numbers in a head's query, key and value. The first `FREQUENCIES` pairs rotate with the position, the rest stand still. */
export const HEAD_SIZE = 32;
/** The first dimension of a query or key that does not rotate. */
export const STILL = 2 * FREQUENCIES;

/** Scores of many thousands would overflow half precision in the query alone: the key carries a part of them. */
const KEY_SCALE = 16;
/** Makes a query of a score: undoes the scale of the keys, and the division by which attention scales its scores. */
const QUERY_SCALE = Math.sqrt(HEAD_SIZE) / KEY_SCALE;

/** A matrix that takes `columns` numbers to `rows` numbers; all weights start at zero. */
export class Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;

  constructor(rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    this.data = new Float32Array(rows * columns);
  }

  add(row: number, column: number, weight: number): void {
    const index = row * this.columns + column;
    const current = this.data[index];
    if (current === undefined || column >= this.columns) throw new RangeError(`No weight at row ${row}, column ${column}.`);
    this.data[index] = current + weight;
  }

  /** A weight on the stream's constant feature: a bias, which the llama architecture does not have. */
  addBias(row: number, value: number): void {
    this.add(row, STREAM.constant.start, value / CONSTANT);
  }
}

export interface Shape {
  readonly heads: number;
  readonly units: number;
}

/** Shapes are as large as the largest layer needs: all layers of a model have the same. */
export class Layer {
  readonly query: Matrix;
  readonly key: Matrix;
  readonly value: Matrix;
  readonly output: Matrix;
  readonly gate: Matrix;
  readonly up: Matrix;
  readonly down: Matrix;
  readonly #shape: Shape;
  #usedHeads = 0;
  #usedUnits = 0;

  constructor(shape: Shape) {
    this.#shape = shape;
    this.query = new Matrix(shape.heads * HEAD_SIZE, STREAM_WIDTH);
    this.key = new Matrix(HEAD_SIZE, STREAM_WIDTH);
    this.value = new Matrix(HEAD_SIZE, STREAM_WIDTH);
    this.output = new Matrix(STREAM_WIDTH, shape.heads * HEAD_SIZE);
    this.gate = new Matrix(shape.units, STREAM_WIDTH);
    this.up = new Matrix(shape.units, STREAM_WIDTH);
    this.down = new Matrix(STREAM_WIDTH, shape.units);
  }

  /** Puts a feature of the token that is looked at into a dimension of its key. */
  addKey(dimension: number, column: number): void {
    this.key.add(dimension, column, KEY_SCALE);
  }
  addConstantKey(dimension: number): void {
    this.key.addBias(dimension, KEY_SCALE);
  }

  /** The next unused attention head. */
  head(): Head {
    if (this.#usedHeads === this.#shape.heads) throw new RangeError(`All ${this.#shape.heads} heads of the layer are in use.`);
    return new Head(this, this.#usedHeads++);
  }

  /** The next unused feed-forward unit; it adds silu(gate) × up, weighted by `down`, to the stream. */
  unit(): number {
    if (this.#usedUnits === this.#shape.units) throw new RangeError(`All ${this.#shape.units} units of the layer are in use.`);
    return this.#usedUnits++;
  }
}

/** Writes the query and output weights of one head. */
export class Head {
  readonly #layer: Layer;
  readonly #start: number;

  constructor(layer: Layer, index: number) {
    this.#layer = layer;
    this.#start = index * HEAD_SIZE;
  }

  /** Adds `score` times the key's feature in that dimension to the attention paid to a token. */
  seek(dimension: number, score: number): void {
    this.#layer.query.addBias(this.#start + dimension, score * QUERY_SCALE);
  }

  /** As `seek`, with a feature of the asking token in place of a constant. */
  seekBy(dimension: number, column: number, score: number): void {
    this.#layer.query.add(this.#start + dimension, column, score * QUERY_SCALE);
  }

  /**
   * Pays attention by distance: the score is highest, `score` for each frequency, for the key that stands `distance` tokens
   * plus `offset` after the asking one, where `distance` is a feature that holds angles.
   */
  seekAt(distance: Feature, offset: number, score: number): void {
    POSITION_RATES.forEach((rate, k) => {
      const [cosine, sine] = [Math.cos(rate * offset), Math.sin(rate * offset)];
      const column = distance.start + 2 * k;
      this.seekBy(2 * k, column, score * cosine);
      this.seekBy(2 * k, column + 1, -score * sine);
      this.seekBy(2 * k + 1, column, score * sine);
      this.seekBy(2 * k + 1, column + 1, score * cosine);
    });
  }

  /** Adds part of what the head collected to a feature of the stream. */
  write(to: Feature, fromDimension: number, gain = 1): void {
    for (let i = 0; i < to.length; i++) this.#layer.output.add(to.start + i, this.#start + fromDimension + i, gain);
  }
}
