// An answer that must satisfy a schema, however it was asked for: checked when it is whole, and asked for again with what was
// wrong with it. The attempts of one answer.

import { invalidRequest } from "../answers/answer-error.ts";
import type { ModelRequest, ProviderEvent } from "../providers/provider.ts";
import type { AttemptEventBody, ErrorInfo, FinishReason, JsonObject, StreamEvent } from "../types.ts";
import type { Judgement } from "./schema-messages.ts";
import { complaint } from "./schema-prompt.ts";
import { schemaThread } from "./schema-thread.ts";

/** The first, and two more. */
const ATTEMPTS = 3;
/** UTF-16 units of an answer that is checked. No model's is nearly as long, and the thread that checks has to hold it several times. */
const MAX_LENGTH = 16_777_216;
/** UTF-16 units of the last rejected text that its error keeps. */
const REJECTED_LENGTH = 16_384;

/** Schemas of which is known that they can be used: a fan-out asks a thousand times with the same one. */
const usable = new Set<string>();
const MAX_KNOWN = 32;

/** The text that has come is to be taken back: the error has it. */
interface Rejection {
  readonly type: "rejected";
  readonly error: ErrorInfo;
}

export type Verdict =
  /** `events` put the JSON alone into the place of what stood around it. */
  { readonly type: "stands"; readonly events: readonly ProviderEvent[] } | { readonly type: "again" } | Rejection;

const STANDS: Verdict = { type: "stands", events: [] };

interface RejectedAnswer {
  readonly text: string;
  readonly problems: readonly string[];
}

export class SchemaRounds {
  readonly #schema: string;
  #number = 1;
  #text = "";
  #calledTools = false;
  #keptOpaque = false;
  /** Of the answer before this one. */
  #rejected: RejectedAnswer | undefined;

  private constructor(schema: string) {
    this.#schema = schema;
  }

  /**
   * Rejects with a `ProviderError` (`invalid-parameter`) for a schema that is none, and with the signal's reason. Starts the
   * thread that checks, the first time; where there can be none it rejects with an `Error` that says so.
   */
  static async of(schema: JsonObject, signal: AbortSignal): Promise<SchemaRounds> {
    const json = JSON.stringify(schema);
    if (!usable.has(json)) {
      const judgement = await schemaThread.ask({ schema: json }, signal);
      if (judgement.type === "no-schema") {
        const words = `The parameter "responseSchema" is no JSON Schema that can be used: ${judgement.reason}.`;
        throw invalidRequest("invalid-parameter", words);
      }
      if (usable.size >= MAX_KNOWN) usable.clear();
      usable.add(json);
    }
    return new SchemaRounds(json);
  }

  get attempt(): Omit<AttemptEventBody, "type"> {
    const reason = this.#rejected?.problems.join("; ");
    return { number: this.#number, of: ATTEMPTS, ...(reason === undefined ? {} : { reason }) };
  }

  /** The request as it is, or with the answer that was rejected and what was wrong with it. */
  request(request: ModelRequest): ModelRequest {
    if (this.#rejected === undefined) return request;
    const { text, problems } = this.#rejected;
    return {
      ...request,
      messages: [
        ...request.messages,
        { role: "assistant", content: [{ type: "text", text }] },
        { role: "user", content: [{ type: "text", text: complaint(problems, this.#schema) }] },
      ],
    };
  }

  /** Events of the attempt under way, in order. */
  read(events: readonly StreamEvent[]): void {
    for (const event of events) {
      if (event.type === "text-delta") this.#text += event.text;
      else if (event.type === "tool-call") this.#calledTools = true;
      else if (event.type === "opaque") this.#keptOpaque = true;
      else if (event.type === "discard" && event.what === "text") this.#text = "";
    }
  }

  /** What is told where the budget leaves no room for this attempt: what was wrong with the one before it. Undefined: there was none. */
  get notAskedAgain(): Rejection | undefined {
    if (this.#rejected === undefined) return undefined;
    const error = this.#mismatch(this.#rejected, this.#number - 1);
    return { type: "rejected", error: { ...error, message: `${error.message} The budget of this run did not let it be asked for again.` } };
  }

  /**
   * After the attempt's end. `finishReason` is null where the stream was cut: then that is what has to be told. Rejects with the
   * signal's reason.
   */
  async judge(finishReason: FinishReason | null, signal: AbortSignal): Promise<Verdict> {
    if (finishReason === null || finishReason === "content-filter" || finishReason === "error") return STANDS;
    // Not the answer yet: the results of the tools come first.
    if (this.#calledTools || (finishReason === "tool-calls" && this.#calledOthers)) return STANDS;
    const judgement = await this.#judgement(signal);
    if (judgement.type === "fits") return stands(this.#text, judgement.json);
    const problems = judgement.type === "wrong" ? judgement.problems : ["it cannot be checked"];
    const answer: RejectedAnswer = { text: this.#text, problems };
    // What was cut at a limit would be cut again.
    const cut = finishReason === "length";
    if (cut || this.#number === ATTEMPTS) return { type: "rejected", error: this.#mismatch(answer, this.#number, cut) };
    this.#rejected = answer;
    this.#number += 1;
    this.#text = "";
    this.#keptOpaque = false;
    return { type: "again" };
  }

  /**
   * A call of another kind than functions is kept as it came, and stands for itself. That tools are called is said of answers without
   * any call as well: by gateways that ask for a schema as for a tool's arguments, and where a call was lost.
   */
  get #calledOthers(): boolean {
    return this.#keptOpaque && this.#text.trim() === "";
  }

  async #judgement(signal: AbortSignal): Promise<Judgement> {
    if (this.#text.length > MAX_LENGTH) return { type: "wrong", problems: [`it is longer than ${MAX_LENGTH} characters`] };
    return schemaThread.ask({ schema: this.#schema, text: this.#text }, signal);
  }

  #mismatch({ text, problems }: RejectedAnswer, number: number, cut = false): ErrorInfo {
    const attempts = number === 1 ? "" : ` after ${number} attempts`;
    const limit = cut ? "It was cut at its limit of tokens. " : "";
    return {
      kind: "protocol",
      providerCode: "schema-mismatch",
      message: `${limit}The answer does not satisfy the schema${attempts}: ${problems.join("; ")}.`,
      phase: "mid-stream",
      retryable: false,
      ...(text === "" ? {} : { rejectedText: beginning(text) }),
    };
  }
}

const JSON_SPACE = /^[ \t\n\r]*$/u;

/** Of a text that nobody takes for the answer, so much as explains it. No character is cut in two. */
function beginning(text: string): string {
  return text.length <= REJECTED_LENGTH ? text : text.slice(0, REJECTED_LENGTH).replace(/[\uD800-\uDBFF]$/u, "");
}

/**
 * JSON's own white space around it does no harm; anything else would break whoever parses the answer, a mark of the byte order or a
 * no-break space too.
 */
function stands(text: string, json: string): Verdict {
  const at = text.indexOf(json);
  if (JSON_SPACE.test(text.slice(0, at)) && JSON_SPACE.test(text.slice(at + json.length))) return STANDS;
  return {
    type: "stands",
    events: [
      { type: "discard", what: "text" },
      { type: "text-delta", text: json },
    ],
  };
}
