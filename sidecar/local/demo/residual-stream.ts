// The vector that runs through all layers of the model, cut into named features. A hand-made transformer is readable only
// if each number of that vector means one thing; this file says what.

import { CODE_LENGTH } from "./codewords.ts";

/** A run of neighbouring numbers in the residual stream. */
export interface Feature {
  readonly start: number;
  readonly length: number;
}

/**
 * How many rotary frequencies tell positions apart. Frequency k turns once in `POSITION_BASE ** (k + 1)` tokens, like the
 * digits of a number: the first tells neighbours apart, the last one end of the context from the other.
 */
export const FREQUENCIES = 3;
const POSITION_BASE = 26;
/** Beyond this many tokens, positions would repeat. */
export const MAX_CONTEXT = POSITION_BASE ** FREQUENCIES;
/** Radians per token. */
export const POSITION_RATES: readonly number[] = Array.from({ length: FREQUENCIES }, (_, k) => (2 * Math.PI) / POSITION_BASE ** (k + 1));

/**
 * The value of `constant`. Each layer divides the stream by its root mean square. That would make features larger or smaller
 * by what else a token carries, and attention, which tells positions apart by one part in a hundred, would go astray. This
 * number is so much larger than all others together that the root mean square is the same for all tokens, to 0.2 %.
 */
export const CONSTANT = 256;

let next = 0;
function feature(length: number): Feature {
  const start = next;
  next += length;
  return { start, length };
}
/** An angle for each frequency, as cosine and sine. */
const phases = (): Feature => feature(2 * FREQUENCIES);
const word = (): Feature => feature(CODE_LENGTH);

export const STREAM = {
  // From the embedding.
  /** Codeword of the token itself. */
  token: word(),
  /** Codeword of the token that an echo of this token prints. */
  echoed: word(),
  constant: feature(1),
  isBegin: feature(1),
  isSink: feature(1),
  isSystem: feature(1),
  isUser: feature(1),
  /** On both markers that open an answer. */
  isReply: feature(1),
  /** On the marker that opens a bare echo. */
  isEcho: feature(1),

  // From the first layer.
  /** Where this token stands. */
  position: phases(),
  /** Falls from 1 with each question and each answer that has begun up to here. */
  fewMessages: feature(1),

  // From the second layer's attention: where the markers stand that this token must know.
  ownStart: phases(),
  lastUser: phases(),
  firstUser: phases(),
  system: phases(),
  /** 1 while the answer being written is a bare echo. */
  echoing: feature(1),
  /** 1 when the conversation has no system message. */
  noSystem: feature(1),

  // From the second layer's rules: distances, as angles.
  userToOwn: phases(),
  firstUserToOwn: phases(),
  systemToOwn: phases(),
  userToHere: phases(),

  // From the third layer's attention: what could be printed next, and the command that decides.
  fromUser: word(),
  fromUserAfterIntroduction: word(),
  fromUserAfterCommand: word(),
  fromFirstUser: word(),
  fromSystem: word(),
  commandMark: word(),
  commandLetter: word(),

  /** Codeword of the token to print: from the third layer's rules, read by the output matrix. */
  next: word(),
} as const satisfies Record<string, Feature>;

/** Numbers in the stream; a multiple of 32, as llama.cpp likes rows to be. */
export const STREAM_WIDTH = Math.ceil(next / 32) * 32;
