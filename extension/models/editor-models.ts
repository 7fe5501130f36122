// The models that other extensions offer inside the editor, for the sidecar's provider `editor`: listed, asked on its
// behalf, and asked to count. The editor asks the person for consent before the first answer; a count never makes it ask.

import * as vscode from "vscode";
import { type CancellationToken, type MessageConnection, ResponseError } from "vscode-jsonrpc";
import {
  AskEditorModel,
  CountEditorTokens,
  type EditorCountRequest,
  EditorModelDeltaSent,
  type EditorModelRequest,
  ListEditorModels,
  type RequestFailure,
} from "../../sidecar/protocol.ts";
import type { ErrorInfo, ErrorKind, ModelInfo } from "../../sidecar/types.ts";
import { REQUEST_FAILED } from "../client/request-failure.ts";
import type { SidecarClient } from "../sidecar-client.ts";
import { UnsupportedParameter, editorMessages, editorOptions } from "./editor-messages.ts";

/** Messages that are counted at once. A model that does not listen to its cancellation is asked for no more than these. */
const COUNTED_AT_ONCE = 16;

/** Lets the sidecar list and ask the editor's models, and have them count. Call it before the sidecar's first start. */
export function offerEditorModels(client: SidecarClient, access: vscode.LanguageModelAccessInformation): void {
  client.onRequest(ListEditorModels, async () => ({ models: (await vscode.lm.selectChatModels()).map(modelInfo) }));
  client.onRequest(AskEditorModel, async (request, token, connection) => {
    try {
      return await ask(request, token, connection);
    } catch (error) {
      return asFailure(error, request.model, token);
    }
  });
  client.onRequest(CountEditorTokens, async (request, token) => {
    try {
      return { tokens: await count(request, access, token) };
    } catch (error) {
      return asFailure(error, request.model, token);
    }
  });
}

function modelInfo({ id, name, vendor, maxInputTokens }: vscode.LanguageModelChat): ModelInfo {
  return { ref: `editor/${id}`, provider: "editor", model: id, name: `${name} (${vendor})`, contextWindow: maxInputTokens };
}

async function ask(
  { answer, model: id, messages, parameters }: EditorModelRequest,
  token: CancellationToken,
  connection: MessageConnection,
): Promise<{ readonly finishReason: "stop" | "other" }> {
  const model = await chosenModel(id);
  const response = await model.sendRequest(editorMessages(messages, parameters.system), editorOptions(parameters), token);
  for await (const part of response.stream) {
    // Each is awaited: the pieces must be on the pipe, in order, before the answer to the request.
    if (part instanceof vscode.LanguageModelTextPart) {
      await connection.sendNotification(EditorModelDeltaSent, { answer, type: "text", text: part.value });
    } else if (part instanceof vscode.LanguageModelToolCallPart) {
      const { callId, name, input } = part;
      await connection.sendNotification(EditorModelDeltaSent, {
        answer,
        type: "tool-call",
        id: callId,
        name,
        arguments: JSON.stringify(input),
      });
    }
  }
  return { finishReason: "stop" };
}

async function chosenModel(id: string): Promise<vscode.LanguageModelChat> {
  const [model] = await vscode.lm.selectChatModels({ id });
  if (model === undefined) throw vscode.LanguageModelError.NotFound(vscode.l10n.t("The editor does not offer the model {0}.", id));
  return model;
}

/** The editor's interface counts one message at a time, which here costs no way over the pipe. */
async function count(
  { model: id, messages, system }: EditorCountRequest,
  access: vscode.LanguageModelAccessInformation,
  token: CancellationToken,
): Promise<number> {
  const model = await chosenModel(id);
  // Without consent no words of a conversation go to another extension, not even to be counted.
  if (access.canSendRequest(model) !== true) throw vscode.LanguageModelError.NoPermissions(`The model ${id} may not be asked yet.`);
  const counted = editorMessages(messages, system);
  let tokens = 0;
  for (let from = 0; from < counted.length; from += COUNTED_AT_ONCE) {
    if (token.isCancellationRequested) throw new vscode.CancellationError();
    const counts = await Promise.all(counted.slice(from, from + COUNTED_AT_ONCE).map((message) => model.countTokens(message, token)));
    tokens += counts.reduce((sum, one) => sum + one, 0);
  }
  return Math.ceil(tokens);
}

function asFailure(error: unknown, model: string, token: CancellationToken): ResponseError<RequestFailure> {
  const message = error instanceof Error ? error.message : String(error);
  const info: ErrorInfo = {
    kind: token.isCancellationRequested ? "cancelled" : kindOf(error),
    message,
    phase: "before-first-token",
    retryable: false,
    provider: "editor",
    model,
    ...(error instanceof vscode.LanguageModelError && { providerCode: error.code }),
  };
  return new ResponseError(REQUEST_FAILED, message, { code: "provider", error: info });
}

/** The codes that the editor documents; whatever the model's own extension threw has none of them. */
function kindOf(error: unknown): ErrorKind {
  if (error instanceof UnsupportedParameter) return "unsupported";
  if (!(error instanceof vscode.LanguageModelError)) return "server";
  switch (error.code) {
    case vscode.LanguageModelError.NoPermissions.name:
      return "permission";
    case vscode.LanguageModelError.NotFound.name:
      return "model-not-found";
    case vscode.LanguageModelError.Blocked.name:
      return "quota";
    default:
      return "server";
  }
}
