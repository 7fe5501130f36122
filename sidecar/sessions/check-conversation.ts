// What a program hands over to be kept, looked at before it is: an export of what is wrong could not be imported again.

import { invalidRequest } from "../answers/answer-error.ts";
import { Failure } from "../failure.ts";
import type { SessionInfo, StoredMessage, UserPart } from "../types.ts";
import { shapes } from "./conversation-shapes.ts";

/** Throws a `Failure` with code `invalid-params` that names the message and its field. */
export function checkConversation(session: SessionInfo, messages: readonly StoredMessage[]): void {
  shapes.session(session, "session");
  for (const [index, message] of messages.entries()) shapes.message(message, `messages[${index}]`);
}

/** Throws a `ProviderError` (`invalid-request`) that names the part and its field. */
export function checkQuestion(parts: readonly UserPart[]): void {
  try {
    shapes.question(parts, "question");
  } catch (error) {
    throw error instanceof Failure ? invalidRequest("invalid-messages", error.message) : error;
  }
}
