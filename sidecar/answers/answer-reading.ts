// From what a provider yields to the numbered events of an answer: what was thought is told from what was said on the way.
// One for each request.

import type { ModelRequest, Provider, ProviderEvent } from "../providers/provider.ts";
import type { StreamEvent } from "../types.ts";
import type { AnswerNumbering } from "./numbering.ts";
import { rememberTemplate, templateOpens } from "./thinking/think-memory.ts";
import { ThinkText } from "./thinking/think-text.ts";

const namesOfTools = ({ parameters }: ModelRequest): readonly string[] => (parameters.tools ?? []).map(({ name }) => name);

export class AnswerReading {
  readonly #provider: Provider;
  readonly #request: ModelRequest;
  readonly #numbering: AnswerNumbering;
  readonly #thinking: ThinkText | null;

  constructor(provider: Provider, request: ModelRequest, numbering: AnswerNumbering) {
    this.#provider = provider;
    this.#request = request;
    this.#numbering = numbering;
    this.#thinking = provider.reasoningApart === true ? null : new ThinkText(templateOpens(provider, request), namesOfTools(request));
  }

  read(batch: readonly ProviderEvent[]): readonly StreamEvent[] {
    return this.#numbering.events(this.#thinking?.read(batch) ?? batch);
  }

  /** After the last batch, also where the stream broke off: what was held back, and what is learned of the model. */
  end(): readonly StreamEvent[] {
    if (this.#thinking === null) return [];
    const rest: ProviderEvent[] = [];
    this.#thinking.end(rest, this.#numbering.finishReason);
    rememberTemplate(this.#provider, this.#request, this.#thinking.templateOpens);
    return this.#numbering.events(rest);
  }
}
