// Why Parley itself, not a provider, refuses what was asked of it. Decided on by `code`; the message is for people.

export type FailureCode =
  | "stream-gone"
  | "session-not-found"
  | "message-not-found"
  | "busy"
  | "not-ready"
  | "wrong-version"
  | "invalid-params"
  | "invalid-archive"
  | "not-written"
  | "storage";

export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
