// OpenAI's Responses API (https://platform.openai.com/docs/api-reference/responses).

import { readChatModels } from "../openai-chat/models.ts";
import type { WireAdapter } from "../wire-adapter.ts";
import { ResponsesReader } from "./reader.ts";
import { buildResponsesRequest, learnFromResponsesRefusal } from "./request.ts";

export const openaiResponses: WireAdapter = {
  framing: "sse",
  reasoningApart: true,
  buildRequest: buildResponsesRequest,
  createReader: (target) => new ResponsesReader(target),
  learn: learnFromResponsesRefusal,
  modelsPath: "/models",
  readModels: readChatModels,
};
