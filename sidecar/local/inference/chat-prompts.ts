// Turns of a conversation as the tokens that a model reads: by the file's own chat template, with texts of people never read
// as control tokens.

import type { ChatHistoryItem, ChatWrapper, LlamaModel, Token } from "node-llama-cpp";
import type { JsonObject } from "../../types.ts";
import type { ChatTurn } from "../inference-messages.ts";
import { localError } from "../local-error.ts";
import type { LlamaRuntime } from "./llama-runtime.ts";

export interface ChatPrompt {
  readonly tokens: readonly Token[];
  /** Single tokens that end the answer beside the model's own end-of-turn tokens. */
  readonly stopTokens: ReadonlySet<Token>;
  /** Texts by which the template tells that the answer has ended. */
  readonly stopTexts: readonly string[];
}

export class ChatPrompts {
  readonly #runtime: LlamaRuntime;
  readonly #model: LlamaModel;
  readonly #wrappers = new Map<string, ChatWrapper>();

  constructor(runtime: LlamaRuntime, model: LlamaModel) {
    this.#runtime = runtime;
    this.#model = model;
  }

  prompt(turns: readonly ChatTurn[], templateParameters: JsonObject = {}): ChatPrompt {
    const chatHistory: ChatHistoryItem[] = turns.map(historyItem);
    const { contextText, stopGenerationTriggers } = this.#wrapper(templateParameters).generateContextState({
      chatHistory: [...chatHistory, { type: "model", response: [] }],
    });
    const stopTokens = new Set<Token>();
    const stopTexts: string[] = [];
    for (const trigger of stopGenerationTriggers) {
      const [token, ...more] = trigger.tokenize(this.#model.tokenizer);
      if (token !== undefined && more.length === 0 && this.#model.isSpecialToken(token)) stopTokens.add(token);
      else if (token !== undefined) stopTexts.push(this.#model.detokenize([token, ...more]));
    }
    return { tokens: this.#withBeginning(contextText.tokenize(this.#model.tokenizer)), stopTokens, stopTexts };
  }

  /** A template that begins with the begin token itself gets no second one. */
  #withBeginning(tokens: readonly Token[]): readonly Token[] {
    const { bos, shouldPrependBosToken } = this.#model.tokens;
    return shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : tokens;
  }

  #wrapper(templateParameters: JsonObject): ChatWrapper {
    const key = JSON.stringify(templateParameters);
    const made = this.#wrappers.get(key) ?? this.#makeWrapper(templateParameters);
    this.#wrappers.set(key, made);
    return made;
  }

  #makeWrapper(additionalRenderParameters: JsonObject): ChatWrapper {
    const { library } = this.#runtime;
    const template: unknown = this.#model.fileInfo.metadata.tokenizer?.chat_template;
    if (typeof template !== "string" || template.trim() === "") {
      throw localError(
        "no-chat-template",
        "The file has no chat template: it is a base model, which continues texts and answers no questions.",
      );
    }
    return new library.JinjaTemplateChatWrapper({ template, additionalRenderParameters, tokenizer: this.#model.tokenizer });
  }
}

function historyItem({ role, text }: ChatTurn): ChatHistoryItem {
  return role === "assistant" ? { type: "model", response: [text] } : { type: role, text };
}
