// The refusals of a session store, in the same words whatever keeps the conversations.

import { Failure } from "../failure.ts";

export function sessionNotFound(session: string): Failure {
  return new Failure("session-not-found", `There is no conversation "${session}".`);
}

export function messageNotFound(message: string): Failure {
  return new Failure("message-not-found", `There is no message "${message}" in this conversation.`);
}

/** `where`: in which process an answer is being written. */
export function sessionBusy(where: "here" | "elsewhere" = "here"): Failure {
  const words =
    where === "here"
      ? "An answer is still being written in this conversation: wait for it, or stop it first."
      : "Another window or program is still writing an answer in this conversation: wait for it, or stop it there first.";
  return new Failure("busy", words);
}

/** Of what no store can keep, however often it is asked to: a function, for example. */
export function notData(cause: unknown): Failure {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Failure("invalid-params", `What was to be kept is no data that can be kept: ${why}.`, cause);
}

/** Of an answer that has nowhere to be kept any more. */
export function deletedMeanwhile(): Failure {
  return new Failure("session-not-found", "The conversation was deleted while it was being answered.");
}

export function nothingToContinue(): Failure {
  return new Failure(
    "invalid-params",
    "`message`: only an answer that ended before it was complete, and that holds text, can be continued.",
  );
}
