// From Parley's messages and parameters to those of the editor's language model interface.

import * as vscode from "vscode";
import type { GenerationParameters, JsonValue, Message, Part } from "../../sidecar/types.ts";

/** A parameter that the editor's interface has no place for. */
export class UnsupportedParameter extends Error {
  override readonly name = "UnsupportedParameter";

  constructor(parameter: string) {
    super(vscode.l10n.t("The editor's models do not take the parameter “{0}”.", parameter));
  }
}

type EditorPart =
  | vscode.LanguageModelTextPart
  | vscode.LanguageModelToolCallPart
  | vscode.LanguageModelToolResultPart
  | vscode.LanguageModelDataPart;

/** The interface knows users and assistants alone: instructions come first as a user's message, results of tools as one too. */
export function editorMessages(messages: readonly Message[], system: string | undefined): vscode.LanguageModelChatMessage[] {
  const instructions = system === undefined ? [] : [vscode.LanguageModelChatMessage.User(system)];
  return [...instructions, ...messages.map(editorMessage)];
}

function editorMessage(message: Message): vscode.LanguageModelChatMessage {
  const parts = message.content.flatMap(editorPart);
  const role = message.role === "assistant" ? vscode.LanguageModelChatMessageRole.Assistant : vscode.LanguageModelChatMessageRole.User;
  return new vscode.LanguageModelChatMessage(role, parts);
}

function editorPart(part: Part): readonly EditorPart[] {
  switch (part.type) {
    case "text":
      return [new vscode.LanguageModelTextPart(part.text)];
    case "file":
      return [new vscode.LanguageModelTextPart(`${part.name}\n\n${part.text}`)];
    case "image":
      return [vscode.LanguageModelDataPart.image(Buffer.from(part.data, "base64"), part.mediaType)];
    case "tool-call":
      return [new vscode.LanguageModelToolCallPart(part.id, part.name, toolArguments(part.arguments))];
    case "tool-result":
      return [new vscode.LanguageModelToolResultPart(part.id, [new vscode.LanguageModelTextPart(part.content)])];
    default:
      // Reasoning, and what only its own provider understands, is never sent to another one.
      return [];
  }
}

/** A model's arguments can be invalid JSON; the model that reads them back is better served by their text than by nothing. */
function toolArguments(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : { value };
  } catch {
    return { text };
  }
}

/**
 * Options have no common names in the editor's interface; those of OpenAI's are what its models understand, where they
 * understand any. Throws `UnsupportedParameter` for what has no place at all.
 */
export function editorOptions(parameters: GenerationParameters): vscode.LanguageModelChatRequestOptions {
  const { temperature, topP, seed, maxOutputTokens, stop, reasoning, responseSchema, tools, providerOptions } = parameters;
  if (responseSchema !== undefined) throw new UnsupportedParameter("responseSchema");
  if (reasoning !== undefined) throw new UnsupportedParameter("reasoning");
  const named: Readonly<Record<string, JsonValue | undefined>> = {
    temperature,
    top_p: topP,
    seed,
    max_tokens: maxOutputTokens,
    stop,
    ...providerOptions?.["editor"],
  };
  const modelOptions = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  return {
    justification: vscode.l10n.t("Parley sends your question to this model because you chose it."),
    modelOptions,
    ...(tools !== undefined && {
      tools: tools.map(({ name, description = "", parameters: inputSchema }) => ({ name, description, inputSchema })),
    }),
  };
}
