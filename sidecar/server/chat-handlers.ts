// Questions.

import { RetryChat, SendChat } from "../protocol.ts";
import type { Router } from "./router.ts";
import { params } from "./shapes.ts";

export function addChatHandlers(router: Router): void {
  router.on(SendChat, params.send, ({ chats }, question) => chats.send(question));

  router.on(RetryChat, params.retry, ({ chats }, { session, message, model }) => chats.retry(session, message, model));
}
