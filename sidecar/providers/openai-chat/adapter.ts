// OpenAI's chat completions (https://platform.openai.com/docs/api-reference/chat), and every server that calls itself
// compatible with them.

import type { WireAdapter } from "../wire-adapter.ts";
import { countChatTokens } from "./count-tokens.ts";
import { describeChatModels, readPlaces } from "./described-models.ts";
import { readChatModels } from "./models.ts";
import { ChatReader } from "./reader.ts";
import { buildChatRequest, learnFromChatRefusal } from "./request.ts";

export const openaiChat: WireAdapter = {
  framing: "sse",
  buildRequest: buildChatRequest,
  createReader: (target, offered) => new ChatReader(target, offered),
  learn: learnFromChatRefusal,
  modelsPath: "/models",
  readModels: readChatModels,
  countTokens: countChatTokens,
  readPlaces: (target, ask) => readPlaces(target.row.chat?.describes, ask),
  describeModels: (models, target, ask) => describeChatModels(models, target.row.chat?.describes, ask),
};
