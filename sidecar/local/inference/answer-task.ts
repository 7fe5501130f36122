// One answer on a loaded model: reads the prompt in pieces, so that it can be cancelled there too, then writes token by token.

import type { LlamaContextSequence, SequenceEvaluateOptions, Token } from "node-llama-cpp";
import type { ProviderEvent } from "../../providers/provider.ts";
import type { ErrorPhase } from "../../types.ts";
import type { InferenceRequest } from "../inference-messages.ts";
import { localError } from "../local-error.ts";
import { TextStop } from "../text-stop.ts";
import type { ChatPrompt } from "./chat-prompts.ts";
import type { LoadedModel } from "./loaded-model.ts";
import { samplingOptions } from "./sampling.ts";
import { TokenText } from "./token-text.ts";

/** Milliseconds that reading one piece of the prompt should take: native code looks at no signal meanwhile. */
const PIECE_MS = 80;
const FIRST_PIECE = 64;
const LARGEST_PIECE = 2048;

interface Ending {
  readonly finishReason: "stop" | "length";
  readonly rawFinishReason: "end-of-turn" | "stop-text" | "max-output-tokens" | "context-window";
}

export class AnswerTask {
  readonly #request: InferenceRequest;
  readonly #send: (events: readonly ProviderEvent[]) => void;
  readonly #signal: AbortSignal;
  #gathered: ProviderEvent[] = [];
  #flush: NodeJS.Immediate | undefined;
  #outputTokens = 0;

  constructor(request: InferenceRequest, send: (events: readonly ProviderEvent[]) => void, signal: AbortSignal) {
    this.#request = request;
    this.#send = send;
    this.#signal = signal;
  }

  get phase(): ErrorPhase {
    return this.#outputTokens === 0 ? "before-first-token" : "mid-stream";
  }

  readonly progress = (event: ProviderEvent): void => this.#emit(event);

  async run(loaded: LoadedModel): Promise<void> {
    try {
      const { turns, templateParameters } = this.#request;
      const prompt = loaded.prompts.prompt(turns, templateParameters);
      this.#checkLength(prompt.tokens.length, loaded.window);
      const queued = (): void => this.#emit({ type: "status", phase: "queued" });
      await loaded.withSequence(prompt.tokens, this.#signal, queued, (sequence) => this.#answer(loaded, sequence, prompt));
    } finally {
      this.#sendGathered();
    }
  }

  async #answer(loaded: LoadedModel, sequence: LlamaContextSequence, prompt: ChatPrompt): Promise<void> {
    const cachedTokens = await this.#readPrompt(loaded, sequence, prompt.tokens);
    const ending = await this.#write(loaded, sequence, prompt);
    this.#emit({ type: "usage", inputTokens: prompt.tokens.length, outputTokens: this.#outputTokens, cachedTokens });
    this.#emit({ type: "finish", ...ending });
  }

  /** All but the last token, which the first token of the answer follows. Returns how many were read before. */
  async #readPrompt({ turnstile }: LoadedModel, sequence: LlamaContextSequence, tokens: readonly Token[]): Promise<number> {
    const toRead = tokens.slice(0, -1);
    await turnstile.hold(() => sequence.adaptStateToTokens(toRead, false));
    const cached = sequence.nextTokenIndex;
    let size = FIRST_PIECE;
    for (let at = cached; at < toRead.length;) {
      this.#signal.throwIfAborted();
      if (at > cached || toRead.length - at > FIRST_PIECE) {
        this.#emit({ type: "status", phase: "processing-prompt", progress: Math.round((100 * at) / toRead.length) / 100 });
      }
      await turnstile.pass();
      const piece = toRead.slice(at, at + size);
      const began = performance.now();
      await sequence.evaluateWithoutGeneratingNewTokens(piece);
      at += piece.length;
      const took = performance.now() - began;
      if (took < PIECE_MS / 2) size = Math.min(LARGEST_PIECE, size * 2);
      else if (took > PIECE_MS * 2) size = Math.max(FIRST_PIECE / 4, Math.floor(size / 2));
    }
    return cached;
  }

  async #write(loaded: LoadedModel, sequence: LlamaContextSequence, prompt: ChatPrompt): Promise<Ending> {
    const { sampling } = this.#request;
    const room = loaded.window - prompt.tokens.length;
    const most = Math.min(sampling.maxOutputTokens ?? room, room);
    const stop = new TextStop([...prompt.stopTexts, ...(sampling.stop ?? [])]);
    const text = new TokenText(loaded.model, prompt.tokens);
    const options: SequenceEvaluateOptions = await samplingOptions(loaded, sampling);
    await loaded.turnstile.pass();
    for await (const token of sequence.evaluate(prompt.tokens.slice(-1), options)) {
      this.#signal.throwIfAborted();
      if (prompt.stopTokens.has(token)) break;
      this.#outputTokens += 1;
      const { text: sure, stopped } = stop.push(text.push(token));
      this.#emitText(sure);
      if (stopped) return { finishReason: "stop", rawFinishReason: "stop-text" };
      if (this.#outputTokens < most) {
        await loaded.turnstile.pass();
        continue;
      }
      this.#emitText(text.rest() + stop.rest());
      return { finishReason: "length", rawFinishReason: most === room ? "context-window" : "max-output-tokens" };
    }
    this.#emitText(stop.push(text.rest()).text + stop.rest());
    return { finishReason: "stop", rawFinishReason: "end-of-turn" };
  }

  #checkLength(tokens: number, window: number): void {
    if (tokens < window) return;
    throw localError(
      "prompt-too-long",
      `The prompt has ${tokens} tokens, and the model's window holds ${window} for prompt and answer together.`,
    );
  }

  #emitText(text: string): void {
    if (text !== "") this.#emit({ type: "text-delta", text });
  }

  #emit(event: ProviderEvent): void {
    this.#gathered.push(event);
    this.#flush ??= setImmediate(() => this.#sendGathered());
  }

  #sendGathered(): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    const events = this.#gathered;
    this.#gathered = [];
    if (events.length > 0) this.#send(events);
  }
}
