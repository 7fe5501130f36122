// The ways in which a program asks for an answer, each brought to the same plain account, so that a test can say of all of
// them at once what must hold.

import { AnswerError } from "../../../sidecar/answers/answer-error.ts";
import type { GenerateOptions, GenerateResult, Llm } from "../../../sidecar/api.ts";
import { gather } from "../../../sidecar/gather.ts";
import { Session } from "../../../sidecar/sessions/session.ts";
import type { AnswerStatus, ErrorInfo, FinishReason, StreamEvent, Usage, UserPart } from "../../../sidecar/types.ts";

/** What there is to know of an answer, however it was asked for. */
export interface Account {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly status: AnswerStatus;
  readonly finishReason: FinishReason | null;
  readonly usage: Usage | null;
  readonly error: ErrorInfo | undefined;
}

export interface Way {
  /** For titles. */
  readonly name: string;
  readonly ask: (llm: Llm, question?: string | readonly UserPart[], options?: GenerateOptions) => Promise<Account>;
}

const partsOf = (question: string | readonly UserPart[]): readonly UserPart[] =>
  typeof question === "string" ? [{ type: "text", text: question }] : question;

export const WAYS: readonly Way[] = [
  {
    name: "generate",
    ask: (llm, question = "hi", options = {}) => accountOf(llm.generate([{ role: "user", content: partsOf(question) }], options)),
  },
  {
    name: "stream",
    ask: (llm, question = "hi", options = {}) => accountOfChunks(llm.stream([{ role: "user", content: partsOf(question) }], options)),
  },
  { name: "a session", ask: (llm, question = "hi", options = {}) => accountOf(new Session(llm).generate(question, options)) },
  { name: "a session's stream", ask: (llm, question = "hi", options = {}) => accountOfChunks(new Session(llm).stream(question, options)) },
  {
    name: "gather",
    ask: async (llm, question = "hi", options = {}) => {
      const [result] = await gather([() => llm.generate([{ role: "user", content: partsOf(question) }], options)]);
      if (result?.error !== undefined) return accountOf(Promise.reject(result.error));
      if (result?.value === undefined) throw new Error("gather gave neither an answer nor an error");
      return accountOf(Promise.resolve(result.value));
    },
  },
];

async function accountOf(answer: Promise<GenerateResult>): Promise<Account> {
  try {
    return { ...told(await answer), error: undefined };
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    return { ...told(error.partial), error: error.info };
  }
}

function told({ content, reasoning, toolCalls, status, finishReason, usage }: GenerateResult): Omit<Account, "error"> {
  const calls = toolCalls.map(({ id, name, arguments: text }) => ({ id, name, arguments: text }));
  return { content, reasoning, toolCalls: calls, status, finishReason, usage };
}

/** Put together here, so that what a reader of a stream sees is compared with what `generate` makes of the same events. */
async function accountOfChunks(chunks: AsyncIterable<{ readonly content: string; readonly event: StreamEvent }>): Promise<Account> {
  const said = { text: "", reasoning: "" };
  const toolCalls: { id: string; name: string; arguments: string }[] = [];
  for await (const { content, event } of chunks) {
    said.text += content;
    if (event.type === "reasoning-delta") said.reasoning += event.text;
    else if (event.type === "tool-call") toolCalls.push({ id: event.id, name: event.name, arguments: event.arguments });
    else if (event.type === "discard") said[event.what] = "";
    else if (event.type === "attempt") Object.assign(said, { text: "", reasoning: "" });
    else if (event.type === "end") {
      const { status, finishReason, usage, error } = event;
      return { content: said.text, reasoning: said.reasoning, toolCalls, status, finishReason, usage, error };
    }
  }
  throw new Error("the stream ended without its end");
}
