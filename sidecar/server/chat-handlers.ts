// Questions.

import { ContinueChat, EditChat, RetryChat, SendChat } from "../protocol.ts";
import type { Router } from "./router.ts";
import { params } from "./shapes.ts";

export function addChatHandlers(router: Router): void {
  router.on(SendChat, params.send, ({ chats }, question, signal) => chats.send(question, signal));

  router.on(EditChat, params.edit, ({ chats }, question, signal) => chats.edit(question, signal));

  router.on(RetryChat, params.answerAgain, ({ chats }, answer, signal) => chats.retry(answer, signal));

  router.on(ContinueChat, params.answerAgain, ({ chats }, answer, signal) => chats.continue(answer, signal));
}
