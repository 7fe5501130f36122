// What the attention heads of the three layers do. Nothing here looks at what the text says, only at where it stands: the
// model copies by position, so repeated passages do not confuse it, and it is exact up to the length of its context.
//
// The first layer finds out where each token stands, the second where the message markers stand, the third fetches the
// tokens that stand where the answer has come to.

import { CODE_LENGTH } from "./codewords.ts";
import { type Feature, POSITION_RATES, STREAM } from "./residual-stream.ts";
import { type Layer, STILL } from "./transformer.ts";

/** A score that no sum of others reaches: attention then goes to the tokens that have it and to no other. */
const ONLY = 40;
/** Amplitude of the scores that measure the position: small, so that the softmax of two is nearly linear in it. */
const GENTLE = 0.4;
/** Two scores that differ by a small a share attention as 1/2 ± a/4: this makes it a sine again. */
const POSITION_GAIN = 4 / GENTLE;
/** So many messages make `fewMessages` fall to one half. */
const HALF_COUNT = 256;
/** Score of the whole range of `fewMessages`: enough to tell the neighbours among about 400 messages apart. */
const COUNT_SCORE = 20_000;
/** More than what a few messages more or less change in the score by count: only markers are considered. */
const MARKER_SCORE = 400;
/** Score of each frequency where the position is right; one token beside it, the sum is about 35 less. */
const POSITION_SCORE = 1200;

/** Dimensions of the first layer's keys and values. */
const FIRST = { begin: STILL, sink: STILL + 1, marker: STILL + 2 };
/** The one number of the first layer's values. */
const BEGIN_SHARE = 0;

/**
 * Every conversation begins with two fixed tokens, and heads that look at these two alone share their attention between
 * them as the distance to the first one's rotating key says: what arrives is a sine of the position.
 */
export function wirePositions(layer: Layer): void {
  for (let k = 0; k < POSITION_RATES.length; k++) layer.addKey(2 * k, STREAM.isBegin.start);
  layer.addKey(FIRST.begin, STREAM.isBegin.start);
  layer.addKey(FIRST.sink, STREAM.isSink.start);
  layer.addKey(FIRST.marker, STREAM.isUser.start);
  layer.addKey(FIRST.marker, STREAM.isReply.start);
  layer.value.add(BEGIN_SHARE, STREAM.isBegin.start, 1 / 2);
  layer.value.add(BEGIN_SHARE, STREAM.isSink.start, -1 / 2);

  for (let k = 0; k < POSITION_RATES.length; k++) {
    for (const [part, dimension, score] of [
      [0, 2 * k, GENTLE],
      [1, 2 * k + 1, -GENTLE],
    ] as const) {
      const head = layer.head();
      head.seek(FIRST.begin, ONLY);
      head.seek(FIRST.sink, ONLY);
      head.seek(dimension, score);
      head.write({ start: STREAM.position.start + 2 * k + part, length: 1 }, BEGIN_SHARE, POSITION_GAIN);
    }
  }

  // The first token shares its attention with all markers: its share tells how many they are.
  const count = layer.head();
  count.seek(FIRST.begin, ONLY + Math.log(HALF_COUNT));
  count.seek(FIRST.marker, ONLY);
  count.write(STREAM.fewMessages, BEGIN_SHARE, 2);
}

const SECOND = { user: STILL, reply: STILL + 1, system: STILL + 2, begin: STILL + 3, fewMessages: STILL + 4 };
const SECOND_VALUE = { position: 0, isEcho: STREAM.position.length, isBegin: STREAM.position.length + 1 };

/** Finds the markers: of the answer being written, of the last and the first question, and of the system message. */
export function wireMarkers(layer: Layer): void {
  layer.addKey(SECOND.user, STREAM.isUser.start);
  layer.addKey(SECOND.reply, STREAM.isReply.start);
  layer.addKey(SECOND.system, STREAM.isSystem.start);
  layer.addKey(SECOND.begin, STREAM.isBegin.start);
  layer.addKey(SECOND.fewMessages, STREAM.fewMessages.start);
  for (let i = 0; i < STREAM.position.length; i++) {
    layer.value.add(SECOND_VALUE.position + i, STREAM.position.start + i, 1);
    // The first token could attend to itself alone, and so got half of the full gain for each angle. Heads that find no marker
    // end up at it: they are to bring nothing, which keeps the stream's energy even.
    layer.value.add(SECOND_VALUE.position + i, STREAM.isBegin.start, -POSITION_GAIN / 2);
  }
  layer.value.add(SECOND_VALUE.isEcho, STREAM.isEcho.start, 1);
  layer.value.add(SECOND_VALUE.isBegin, STREAM.isBegin.start, 1);

  const ownStart = layer.head();
  ownStart.seek(SECOND.reply, MARKER_SCORE);
  ownStart.seek(SECOND.fewMessages, -COUNT_SCORE);
  ownStart.write(STREAM.ownStart, SECOND_VALUE.position);
  ownStart.write(STREAM.echoing, SECOND_VALUE.isEcho);

  const lastUser = layer.head();
  lastUser.seek(SECOND.user, MARKER_SCORE);
  lastUser.seek(SECOND.fewMessages, -COUNT_SCORE);
  lastUser.write(STREAM.lastUser, SECOND_VALUE.position);

  const firstUser = layer.head();
  firstUser.seek(SECOND.user, MARKER_SCORE);
  firstUser.seek(SECOND.fewMessages, COUNT_SCORE);
  firstUser.write(STREAM.firstUser, SECOND_VALUE.position);

  const system = layer.head();
  system.seek(SECOND.system, 2 * ONLY);
  system.seek(SECOND.begin, ONLY);
  system.write(STREAM.system, SECOND_VALUE.position);
  system.write(STREAM.noSystem, SECOND_VALUE.isBegin);
}

export interface Offsets {
  /** Tokens from a message's marker to its first token of text. */
  readonly header: number;
  /** Tokens that the model says before it repeats the question; 0 without an introduction. */
  readonly introduction: number;
}
/** Tokens of a command: its mark and its letter. */
const COMMAND_LENGTH = 2;
const THIRD_VALUE = { echoed: 0, token: CODE_LENGTH };

/** Fetches what stands in the other messages where the answer has come to, and the two tokens that can be a command. */
export function wireCopies(layer: Layer, { header, introduction }: Offsets): void {
  for (let k = 0; k < POSITION_RATES.length; k++) layer.addConstantKey(2 * k);
  for (let i = 0; i < CODE_LENGTH; i++) {
    layer.value.add(THIRD_VALUE.echoed + i, STREAM.echoed.start + i, 1);
    layer.value.add(THIRD_VALUE.token + i, STREAM.token.start + i, 1);
  }
  const fetch = (distance: Feature, offset: number, to: Feature, what: number): void => {
    const head = layer.head();
    head.seekAt(distance, offset, POSITION_SCORE);
    head.write(to, what);
  };
  fetch(STREAM.userToOwn, 1, STREAM.fromUser, THIRD_VALUE.echoed);
  fetch(STREAM.userToOwn, 1 - introduction, STREAM.fromUserAfterIntroduction, THIRD_VALUE.token);
  fetch(STREAM.userToOwn, 1 + COMMAND_LENGTH, STREAM.fromUserAfterCommand, THIRD_VALUE.echoed);
  fetch(STREAM.firstUserToOwn, 1, STREAM.fromFirstUser, THIRD_VALUE.echoed);
  fetch(STREAM.systemToOwn, 1, STREAM.fromSystem, THIRD_VALUE.echoed);
  fetch(STREAM.userToHere, header, STREAM.commandMark, THIRD_VALUE.token);
  fetch(STREAM.userToHere, header + 1, STREAM.commandLetter, THIRD_VALUE.token);
}

/** The most heads that a layer uses. */
export const HEADS = 7;
