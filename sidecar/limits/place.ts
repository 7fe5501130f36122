// The right to run one request at an endpoint, and what its holder tells of it.

import type { ErrorInfo } from "../types.ts";
import type { WaitPolicy } from "./shared-wait.ts";

/** Requests at once at an endpoint from which on somebody's next one waits. Asked anew each time: the settings may change. */
export type Bound = () => number;

/** What begins takes a place more; what has begun has its prompt already, or is asked in the making of one: it comes first. */
export type Standing = "begins" | "begun";

/** Every method does nothing after `release`, and after `park` only `release` does anything. */
export interface Place {
  /** The provider has taken the request on; may be told again. `exhaustedForMs`: it said that a limit is used up for so long. */
  accepted(exhaustedForMs?: number): void;
  /** Its first token came, so the provider has taken it on; may be told again. */
  spoke(): void;
  /** A whole answer came. */
  answered(): void;
  /** True: the provider is kept from sending on, since what has come of the answer is not being read; false: it is again. */
  heldBack(isHeldBack: boolean): void;
  /** The provider has too much to do, or was asked too much. */
  refused(error: ErrorInfo, policy: WaitPolicy): void;
  /**
   * The request has failed otherwise. Whether everything that is asked there now would fail, so that batch work waits together until
   * the server is back: it has answered lately, and nobody is there any more, or nothing but failures came since, of as many requests
   * as this one has failed times. No more after nine pauses in vain, when all that wait are told.
   * Always false for a chat, which has a person waiting for it. `request`: the same each time that it is asked.
   */
  failed(error: ErrorInfo, policy: WaitPolicy, request: object): boolean;
  /**
   * The request's prompt waits for other requests. The place is for whatever has begun meanwhile, and nothing else begins for it;
   * the holder takes another one, as one who has begun, and then releases this.
   */
  park(): void;
  readonly isParked: boolean;
  /** To be called once it is over, however it ended. */
  release(): void;
}
