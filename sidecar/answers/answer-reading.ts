// From what a provider yields to the numbered events of an answer: what was thought is told from what was said on the way.
// One for each request.

import type { Place } from "../limits/place.ts";
import type { ModelRequest, Provider, ProviderEvent } from "../providers/provider.ts";
import type { SchemaRounds } from "../structured/schema-rounds.ts";
import type { StreamEvent } from "../types.ts";
import type { PassageReading } from "./answer-batches.ts";
import type { AnswerNumbering } from "./numbering.ts";
import { rememberTemplate, templateOpens } from "./thinking/think-memory.ts";
import { ThinkText } from "./thinking/think-text.ts";

/** What the reading of one request has to do with. */
export interface ReadRequest {
  readonly provider: Provider;
  readonly request: ModelRequest;
  /** Hears that the provider answers. */
  readonly place: Place;
  readonly numbering: AnswerNumbering;
  /** Where the answer must satisfy one. */
  readonly schema: SchemaRounds | undefined;
  /** Aborted: nothing more is read. */
  readonly signal: AbortSignal;
}

export class AnswerReading implements PassageReading {
  readonly #of: ReadRequest;
  readonly #thinking: ThinkText | null;

  constructor(of: ReadRequest) {
    const { provider, request } = of;
    this.#of = of;
    this.#thinking = provider.reasoningApart === true ? null : new ThinkText(templateOpens(provider, request), namesOfTools(request));
  }

  read(batch: readonly ProviderEvent[]): readonly StreamEvent[] | null {
    const { numbering, place, schema, signal } = this.#of;
    if (signal.aborted) return null;
    const events = numbering.events(this.#thinking?.read(batch) ?? batch);
    if (!numbering.beforeFirstToken) place.spoke();
    schema?.read(events);
    return events;
  }

  /** What was held back, and what is learned of the model. */
  end(broken: boolean): readonly StreamEvent[] {
    if (this.#thinking === null) return [];
    const { numbering, provider, request, schema } = this.#of;
    const rest: ProviderEvent[] = [];
    this.#thinking.end(rest, numbering.finishReason);
    rememberTemplate(provider, request, this.#thinking.templateOpens);
    const events = numbering.events(rest);
    if (!broken) schema?.read(events);
    return events;
  }
}

const namesOfTools = ({ parameters }: ModelRequest): readonly string[] => (parameters.tools ?? []).map(({ name }) => name);
