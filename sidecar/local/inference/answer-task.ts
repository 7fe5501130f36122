// One answer on a loaded model: reads the prompt in pieces, so that it can be cancelled there too, then writes token by token.

import type { LlamaContextSequence, Token } from "node-llama-cpp";
import type { ProviderEvent } from "../../providers/provider.ts";
import type { ErrorPhase } from "../../types.ts";
import type { InferenceRequest } from "../inference-messages.ts";
import { localError } from "../local-error.ts";
import { AnswerText } from "./answer-text.ts";
import type { ChatPrompt } from "./chat-prompts.ts";
import type { LoadedModel } from "./loaded-model.ts";
import { Outbox } from "./outbox.ts";
import { FIRST_PIECE, nextPiece } from "./prompt-pieces.ts";
import { samplingOptions } from "./sampling.ts";
import type { Turnstile } from "./turnstile.ts";

/** llama.cpp's grammars allow any number of line breaks after the JSON, and a small model writes them for ever. None holds so many. */
const AFTER_JSON = "\n".repeat(4);

interface Ending {
  readonly finishReason: "stop" | "length";
  readonly rawFinishReason: "end-of-turn" | "stop-text" | "max-output-tokens" | "context-window";
}

export class AnswerTask {
  readonly #request: InferenceRequest;
  readonly #signal: AbortSignal;
  readonly #outbox: Outbox;
  #writing: AnswerText | undefined;
  #outputTokens = 0;

  constructor(request: InferenceRequest, send: (events: readonly ProviderEvent[]) => void, signal: AbortSignal) {
    this.#request = request;
    this.#signal = signal;
    this.#outbox = new Outbox(send, () => this.#sayWritten());
  }

  get phase(): ErrorPhase {
    return this.#outputTokens === 0 ? "before-first-token" : "mid-stream";
  }

  readonly progress = (event: ProviderEvent): void => this.#outbox.add(event);

  async run(loaded: LoadedModel): Promise<void> {
    try {
      const { turns, templateParameters } = this.#request;
      const prompt = loaded.prompts.prompt(turns, templateParameters);
      this.#checkLength(prompt.tokens.length, loaded.window);
      const queued = (): void => this.#outbox.add({ type: "status", phase: "queued" });
      await loaded.withSequence(prompt.tokens, this.#signal, queued, (sequence) => this.#answer(loaded, sequence, prompt));
    } finally {
      this.#outbox.flush();
    }
  }

  async #answer(loaded: LoadedModel, sequence: LlamaContextSequence, prompt: ChatPrompt): Promise<void> {
    const { turnstile } = loaded;
    const options = await samplingOptions(loaded, this.#request.sampling);
    const toRead = prompt.tokens.slice(0, -1);
    await turnstile.hold(() => sequence.adaptStateToTokens(toRead, false));
    const cachedTokens = sequence.nextTokenIndex;
    const ending = await turnstile.takePart(async () => {
      await this.#readPrompt(turnstile, sequence, toRead);
      return this.#write(loaded, sequence.evaluate(prompt.tokens.slice(-1), options), prompt);
    });
    this.#outbox.add({ type: "usage", inputTokens: prompt.tokens.length, outputTokens: this.#outputTokens, cachedTokens });
    this.#outbox.add({ type: "finish", ...ending });
  }

  /** All but the last token, which the first token of the answer follows, from where the sequence stands. */
  async #readPrompt(turnstile: Turnstile, sequence: LlamaContextSequence, toRead: readonly Token[]): Promise<void> {
    const cached = sequence.nextTokenIndex;
    let size = FIRST_PIECE;
    for (let at = cached; at < toRead.length;) {
      this.#signal.throwIfAborted();
      if (at > cached || toRead.length - at > FIRST_PIECE) {
        const progress = Math.round((100 * at) / toRead.length) / 100;
        this.#outbox.add({ type: "status", phase: "processing-prompt", progress });
      }
      await turnstile.turn();
      const piece = toRead.slice(at, at + size);
      const began = performance.now();
      await sequence.evaluateWithoutGeneratingNewTokens(piece);
      at += piece.length;
      if (piece.length === size) size = nextPiece(size, performance.now() - began);
    }
  }

  async #write({ turnstile, model, window }: LoadedModel, tokens: AsyncIterable<Token>, prompt: ChatPrompt): Promise<Ending> {
    const { maxOutputTokens, stop = [], responseSchema } = this.#request.sampling;
    const stops = [...prompt.stopTexts, ...stop, ...(responseSchema === undefined ? [] : [AFTER_JSON])];
    const room = window - prompt.tokens.length;
    const most = Math.min(maxOutputTokens ?? room, room);
    const text = new AnswerText(model, prompt.tokens, stops);
    this.#writing = text;
    await turnstile.turn();
    for await (const token of tokens) {
      this.#signal.throwIfAborted();
      if (prompt.stopTokens.has(token)) break;
      this.#outputTokens += 1;
      text.note(token);
      if (text.watchesStops && this.#sayWritten()) return { finishReason: "stop", rawFinishReason: "stop-text" };
      this.#outbox.schedule();
      if (this.#outputTokens < most) {
        await turnstile.turn();
        continue;
      }
      this.#emitText(text.rest());
      return { finishReason: "length", rawFinishReason: most === room ? "context-window" : "max-output-tokens" };
    }
    this.#emitText(text.rest());
    return { finishReason: "stop", rawFinishReason: "end-of-turn" };
  }

  #checkLength(tokens: number, window: number): void {
    if (tokens < window) return;
    throw localError(
      "prompt-too-long",
      `The prompt has ${tokens} tokens, and the model's window holds ${window} for prompt and answer together.`,
    );
  }

  /** Whether what was written since the last call came to a stop text. */
  #sayWritten(): boolean {
    if (this.#writing === undefined) return false;
    const { text, stopped } = this.#writing.take();
    this.#emitText(text);
    return stopped;
  }

  #emitText(text: string): void {
    if (text !== "") this.#outbox.add({ type: "text-delta", text });
  }
}
