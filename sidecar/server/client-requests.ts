// What the sidecar asks of its client: documents as they are on screen, and answers and counts of the editor's own models. The
// client's answers come from outside too, and are checked like everything else.

import { randomUUID } from "node:crypto";
import { CancellationTokenSource, ErrorCodes, type MessageConnection, type RequestType, ResponseError } from "vscode-jsonrpc/node";
import { orAborted } from "../abort.ts";
import {
  AskEditorModel,
  CountEditorTokens,
  EditorModelDeltaSent,
  type EditorModelDelta,
  type FileContent,
  ListEditorModels,
  ReadFile,
  type RequestFailure,
} from "../protocol.ts";
import type { EditorDelta, EditorModels } from "../providers/editor.ts";
import { type ModelRequest, ProviderError } from "../providers/provider.ts";
import type { ErrorInfo, ModelInfo } from "../types.ts";
import { type Check, isObject } from "../check.ts";
import { params, results } from "./shapes.ts";

export class ClientRequests implements EditorModels {
  readonly #connection: MessageConnection;
  /** By answer: who takes its pieces. */
  readonly #answers = new Map<string, (delta: EditorDelta) => void>();

  constructor(connection: MessageConnection) {
    this.#connection = connection;
    const check: Check<EditorModelDelta> = params.editorModelDelta;
    connection.onNotification(EditorModelDeltaSent, (delta: EditorModelDelta) => {
      check(delta, "");
      this.#answers.get(delta.answer)?.(eventOf(delta));
    });
  }

  /** Throws a `ProviderError` with code `file-unreadable`, or the signal's reason. */
  async readFile(uri: string, signal: AbortSignal): Promise<FileContent> {
    try {
      return await this.#ask(ReadFile, { uri }, results.file, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new ProviderError(`The file could not be read: ${wordsOf(error)}`, {
        kind: "invalid-request",
        providerCode: "file-unreadable",
        phase: "before-headers",
        retryable: false,
        cause: error,
      });
    }
  }

  /** A client that is no editor has none. */
  async list(signal: AbortSignal): Promise<readonly ModelInfo[]> {
    try {
      return (await this.#ask(ListEditorModels, null, results.editorModels, signal)).models;
    } catch (error) {
      if (error instanceof ResponseError && error.code === ErrorCodes.MethodNotFound) return [];
      throw this.#providerError(error, signal);
    }
  }

  async ask(
    { model, messages, parameters }: ModelRequest,
    onDelta: (delta: EditorDelta) => void,
    signal: AbortSignal,
  ): Promise<{ readonly finishReason: "stop" | "other" }> {
    const answer = randomUUID();
    this.#answers.set(answer, onDelta);
    try {
      return await this.#ask(AskEditorModel, { answer, model, messages, parameters }, results.editorAnswer, signal);
    } catch (error) {
      throw this.#providerError(error, signal);
    } finally {
      this.#answers.delete(answer);
    }
  }

  async count({ model, messages, parameters: { system } }: ModelRequest, signal: AbortSignal): Promise<number> {
    const asked = { model, messages, ...(system !== undefined && { system }) };
    try {
      return (await this.#ask(CountEditorTokens, asked, results.editorCount, signal)).tokens;
    } catch (error) {
      throw this.#providerError(error, signal);
    }
  }

  /** Rejects with the signal's reason as soon as it is aborted, and tells the client. */
  async #ask<P, R>(type: RequestType<P, R, RequestFailure>, given: P, check: Check<R>, signal: AbortSignal): Promise<R> {
    signal.throwIfAborted();
    const cancellation = new CancellationTokenSource();
    const cancel = (): void => cancellation.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const result: R = await orAborted(this.#connection.sendRequest(type.method, given, cancellation.token), signal);
      check(result, "");
      return result;
    } finally {
      signal.removeEventListener("abort", cancel);
      cancellation.dispose();
    }
  }

  /** The client's own account of the error where it gives one. */
  #providerError(error: unknown, signal: AbortSignal): ProviderError {
    signal.throwIfAborted();
    const data: unknown = error instanceof ResponseError ? error.data : undefined;
    if (isFailureOfProvider(data)) return new ProviderError(data.error.message, { ...data.error, cause: error });
    return new ProviderError(`The editor's model failed: ${wordsOf(error)}`, {
      kind: "server",
      phase: "before-first-token",
      retryable: false,
      cause: error,
    });
  }
}

/** Client and sidecar ship together: where the error is there, it has its shape. */
function isFailureOfProvider(data: unknown): data is { readonly error: ErrorInfo } {
  return (
    isObject(data) && isObject(data["error"]) && typeof data["error"]["kind"] === "string" && typeof data["error"]["message"] === "string"
  );
}

function eventOf(delta: EditorModelDelta): EditorDelta {
  if (delta.type === "text") return { type: "text-delta", text: delta.text };
  return { type: "tool-call", id: delta.id, name: delta.name, arguments: delta.arguments };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
