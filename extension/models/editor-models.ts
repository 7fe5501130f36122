// The models that other extensions offer inside the editor, for the sidecar's provider `editor`: listed, and asked on its
// behalf. The editor asks the person for consent the first time.

import * as vscode from "vscode";
import { type CancellationToken, type MessageConnection, ResponseError } from "vscode-jsonrpc";
import {
  AskEditorModel,
  EditorModelDeltaSent,
  type EditorModelRequest,
  ListEditorModels,
  type RequestFailure,
} from "../../sidecar/protocol.ts";
import type { ErrorInfo, ErrorKind, ModelInfo } from "../../sidecar/types.ts";
import { REQUEST_FAILED } from "../client/request-failure.ts";
import type { SidecarClient } from "../sidecar-client.ts";
import { UnsupportedParameter, editorMessages, editorOptions } from "./editor-messages.ts";

/** Lets the sidecar list and ask the editor's models. Call it before the sidecar's first start. */
export function offerEditorModels(client: SidecarClient): void {
  client.onRequest(ListEditorModels, async () => ({ models: (await vscode.lm.selectChatModels()).map(modelInfo) }));
  client.onRequest(AskEditorModel, async (request, token, connection) => {
    try {
      return await ask(request, token, connection);
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
  const [model] = await vscode.lm.selectChatModels({ id });
  if (model === undefined) throw vscode.LanguageModelError.NotFound(vscode.l10n.t("The editor does not offer the model {0}.", id));
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
