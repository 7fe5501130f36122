// What the feed-forward units do: the second layer subtracts positions from one another, the third decides what to print.

import { CODE_LENGTH, codeword } from "./codewords.ts";
import { type Feature, FREQUENCIES, STREAM } from "./residual-stream.ts";
import type { Layer } from "./transformer.ts";

/** Turns positions into distances: the angle of `a − b` has the cosine ca·cb + sa·sb and the sine sa·cb − ca·sb. */
export function wireDistances(layer: Layer): void {
  const difference = (a: Feature, b: Feature, to: Feature): void => {
    for (let k = 0; k < FREQUENCIES; k++) {
      const [cosine, sine] = [2 * k, 2 * k + 1];
      addProduct(layer, a.start + cosine, b.start + cosine, to.start + cosine, 1);
      addProduct(layer, a.start + sine, b.start + sine, to.start + cosine, 1);
      addProduct(layer, a.start + sine, b.start + cosine, to.start + sine, 1);
      addProduct(layer, a.start + cosine, b.start + sine, to.start + sine, -1);
    }
  };
  difference(STREAM.lastUser, STREAM.ownStart, STREAM.userToOwn);
  difference(STREAM.firstUser, STREAM.ownStart, STREAM.firstUserToOwn);
  difference(STREAM.system, STREAM.ownStart, STREAM.systemToOwn);
  difference(STREAM.lastUser, STREAM.position, STREAM.userToHere);
}

/** silu(x)·y + silu(−x)·(−y) is exactly x·y, because silu(x) is x times a logistic function, and that of x and −x sum to 1. */
function addProduct(layer: Layer, a: number, b: number, to: number, sign: number): void {
  for (const side of [1, -1]) {
    const unit = layer.unit();
    layer.gate.add(unit, a, side);
    layer.up.add(unit, b, side);
    layer.down.add(to, unit, sign);
  }
}

/** When a rule of the third layer applies: all of it must be so. */
interface Condition {
  /** Features that must hold the codeword of a token. */
  readonly words?: readonly (readonly [feature: Feature, token: number])[];
  /** Whether the answer is a bare echo. Absent: either. */
  readonly echo?: boolean;
}

/** Steepness of a gate, and its value when the condition is met; otherwise it is as far below zero, where silu vanishes. */
const STEEPNESS = 4;
const MARGIN = 4;
const OPEN = STEEPNESS * MARGIN;
/** Weight of a flag, more than any sum of codewords can make up for. */
const FLAG = 32;
/** Strength of a rule that names the next token, against the 1 of a token that was fetched. */
const SAY = 4;

/** A unit that is open while the condition holds; what it adds is up to the caller. */
function gatedUnit(layer: Layer, { words = [], echo }: Condition): number {
  const unit = layer.unit();
  let bias = MARGIN - CODE_LENGTH * words.length;
  for (const [feature, token] of words) {
    codeword(token).forEach((sign, i) => layer.gate.add(unit, feature.start + i, STEEPNESS * sign));
  }
  if (echo === true) bias -= FLAG;
  if (echo !== undefined) layer.gate.add(unit, STREAM.echoing.start, STEEPNESS * (echo ? FLAG : -FLAG));
  layer.gate.addBias(unit, STEEPNESS * bias);
  return unit;
}

/** Names the next token while the condition holds; with a negative strength it takes another rule's word back. */
function addSaying(layer: Layer, condition: Condition, token: number, strength = SAY): void {
  const unit = gatedUnit(layer, condition);
  layer.up.addBias(unit, 1);
  codeword(token).forEach((sign, i) => layer.down.add(STREAM.next.start + i, unit, (strength * sign) / OPEN));
}

/** Prints what was fetched while the condition holds, in place of `instead`. */
function addChoice(layer: Layer, condition: Condition, fetched: Feature, instead?: Feature): void {
  for (let i = 0; i < CODE_LENGTH; i++) {
    const unit = gatedUnit(layer, condition);
    layer.up.add(unit, fetched.start + i, 1);
    if (instead !== undefined) layer.up.add(unit, instead.start + i, -1);
    layer.down.add(STREAM.next.start + i, unit, 1 / OPEN);
  }
}

/** Token numbers of what the demo does beside echoing. */
export interface DemoTokens {
  /** The marker that opens an ordinary answer. */
  readonly reply: number;
  readonly end: number;
  /** Said before the question is repeated. */
  readonly introduction: readonly number[];
  /** A question that begins with this token and one of `letters` is a command. */
  readonly commandMark: number;
  readonly letters: {
    readonly echo: number;
    readonly firstQuestion: number;
    readonly system: number;
    readonly endless: number;
    readonly script: number;
  };
  /** Said for ever, in a circle. */
  readonly circle: readonly number[];
  /** Said once. */
  readonly script: readonly number[];
}

/** The rules of a model that does nothing but echo. */
export function wireEcho(layer: Layer): void {
  addChoice(layer, { echo: true }, STREAM.fromUser);
}

/** The rules of the demo: an introduction and the question, unless a command asks for something else. */
export function wireDemo(layer: Layer, tokens: DemoTokens): void {
  const { reply, end, introduction, commandMark, letters, circle, script } = tokens;
  addChoice(layer, { echo: false }, STREAM.fromUserAfterIntroduction);
  const begins = (token: number | undefined): Condition => ({ echo: false, words: token === undefined ? [] : [[STREAM.token, token]] });
  const command = (letter: number, current?: number): Condition => ({
    echo: false,
    words: [[STREAM.commandMark, commandMark], [STREAM.commandLetter, letter], ...(begins(current).words ?? [])],
  });

  addChain(layer, begins(reply), introduction);
  for (const letter of Object.values(letters)) addSaying(layer, command(letter, reply), first(introduction), -SAY);
  addChoice(layer, command(letters.echo), STREAM.fromUserAfterCommand, STREAM.fromUserAfterIntroduction);
  addChoice(layer, command(letters.firstQuestion), STREAM.fromFirstUser, STREAM.fromUserAfterIntroduction);
  addChoice(layer, command(letters.system), STREAM.fromSystem, STREAM.fromUserAfterIntroduction);
  addNoSystem(layer, command(letters.system), end);
  addSaying(layer, command(letters.endless, reply), first(circle));
  circle.forEach((token, i) => addSaying(layer, command(letters.endless, token), first(circle.slice((i + 1) % circle.length))));
  addChain(layer, command(letters.script, reply), [...script, end]);
}

/** Says the tokens one after the other; each must be a token that is printed nowhere else, but for the last. */
function addChain(layer: Layer, start: Condition, tokens: readonly number[]): void {
  let condition = start;
  for (const token of tokens) {
    addSaying(layer, condition, token);
    condition = { words: [[STREAM.token, token]] };
  }
}

/** Ends the answer where the system message was asked for and there is none. */
function addNoSystem(layer: Layer, condition: Condition, end: number): void {
  const unit = gatedUnit(layer, condition);
  layer.up.add(unit, STREAM.noSystem.start, 1);
  codeword(end).forEach((sign, i) => layer.down.add(STREAM.next.start + i, unit, (SAY * sign) / OPEN));
}

function first(tokens: readonly number[]): number {
  const [token] = tokens;
  if (token === undefined) throw new RangeError("A chain of tokens needs at least one.");
  return token;
}
