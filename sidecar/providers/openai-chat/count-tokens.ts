// How many tokens a request has, by the tokenizer of llama.cpp's server: it makes the prompt by the model's own template, and then
// the tokens of it (https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md, "apply-template" and "tokenize").

import type { JsonObject } from "../../types.ts";
import { asList, asObject, asText } from "../json-fields.ts";
import type { ModelRequest } from "../provider.ts";
import type { AskServerOnce } from "../server-questions.ts";
import type { WireTarget } from "../wire-adapter.ts";
import { buildChatRequest } from "./request.ts";

/** What a template reads of a request. */
const IN_TEMPLATE: readonly string[] = ["messages", "tools", "tool_choice", "chat_template_kwargs"];

/** Undefined where the server is no llama.cpp, and where images stand in the conversation: those are no part of the text. */
export async function countChatTokens(request: ModelRequest, target: WireTarget, ask: AskServerOnce): Promise<number | undefined> {
  if (target.row.chat?.describes !== "llama-server" || hasImages(request)) return undefined;
  const { body } = buildChatRequest(request, target);
  const read: JsonObject = Object.fromEntries(Object.entries(body).filter(([field]) => IN_TEMPLATE.includes(field)));
  const content = asText(asObject(await ask({ method: "POST", path: "../apply-template", body: read }))?.["prompt"]);
  if (content === undefined) return undefined;
  // As the server itself makes tokens of a chat: with the one that begins every prompt, and the template's markers as markers.
  const tokens = await ask({ method: "POST", path: "../tokenize", body: { content, add_special: true, parse_special: true } });
  return asList(asObject(tokens)?.["tokens"])?.length;
}

function hasImages({ messages }: ModelRequest): boolean {
  return messages.some(({ role, content }) => role === "user" && content.some(({ type }) => type === "image"));
}
