// A model request as the inference process takes it. What local inference cannot do is refused by name, never left out.

import type { ModelRequest } from "../providers/provider.ts";
import type { JsonObject, Message } from "../types.ts";
import type { ChatTurn, InferenceRequest, SamplingParameters } from "./inference-messages.ts";
import { localError } from "./local-error.ts";
import type { ModelFile } from "./model-file.ts";

/** Throws `ProviderError` of kind `unsupported` that names the parameter. */
export function inferenceRequest({ messages, parameters }: ModelRequest, { file, templateParameters }: ModelFile): InferenceRequest {
  if ((parameters.tools ?? []).length > 0) throw refused("tools");
  if (parameters.reasoning !== undefined && parameters.reasoning !== "off") throw refused("reasoning");
  const system: readonly ChatTurn[] = parameters.system === undefined ? [] : [{ role: "system", text: parameters.system }];
  const { temperature, topP, seed, maxOutputTokens, stop, responseSchema } = parameters;
  const sampling: SamplingParameters = {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(stop === undefined ? {} : { stop }),
    ...(responseSchema === undefined ? {} : { responseSchema }),
    ...ownOptions(parameters.providerOptions?.["local"]),
  };
  const turns = [...system, ...messages.map(turnOf)];
  return { file, turns, sampling, ...(templateParameters === undefined ? {} : { templateParameters }) };
}

/** The extras that local inference knows under its own name, `providerOptions.local`. */
function ownOptions(options: JsonObject = {}): Pick<SamplingParameters, "topK" | "minP"> {
  const known: { topK?: number; minP?: number } = {};
  for (const [name, value] of Object.entries(options)) {
    if ((name !== "topK" && name !== "minP") || typeof value !== "number") throw refused(`providerOptions.local.${name}`);
    known[name] = value;
  }
  return known;
}

function turnOf(message: Message): ChatTurn {
  if (message.role === "tool") throw refused("tools");
  const texts: string[] = [];
  for (const part of message.content) {
    if (part.type === "text") texts.push(part.text);
    else if (part.type === "image") throw refused("images");
    else if (part.type === "tool-call") throw refused("tools");
    // Reasoning of earlier turns is no part of what chat templates take back, and opaque parts are another provider's.
  }
  return { role: message.role, text: texts.join("\n\n") };
}

function refused(parameter: string): Error {
  return localError("unsupported-parameter", `Models on this machine cannot do \`${parameter}\` in Parley yet.`);
}
