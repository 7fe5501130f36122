// The refusals of a session store, in the same words whatever keeps the conversations.

import { Failure } from "../failure.ts";

export function sessionNotFound(session: string): Failure {
  return new Failure("session-not-found", `There is no conversation "${session}".`);
}

export function messageNotFound(message: string): Failure {
  return new Failure("message-not-found", `There is no message "${message}" in this conversation.`);
}

export function sessionBusy(): Failure {
  return new Failure("busy", "An answer is still being written in this conversation: wait for it, or stop it first.");
}
