// A title that the model itself makes out of the first question and its answer.

import { AnswerFold } from "../answers/fold.ts";
import type { Llm } from "../api.ts";
import { currentScope, runInScope } from "../call-scope.ts";
import type { Message, Part, StoredMessage } from "../types.ts";
import { shortTitle } from "./title.ts";

/** Characters of the question and of the answer that the model sees: what they are about stands at their beginning. */
const MOST_READ = 1_000;
/** Tokens. A title has some ten; a model that thinks first gets no further, and the title stays as it is. */
const MOST_WRITTEN = 200;
/** Milliseconds. Nobody waits for it, and nothing should be under way for long that nobody sees. */
const TIME_LIMIT_MS = 30_000;

const system =
  "You name conversations. Answer with a title of two to six words in the language of the question, without quotation marks and without a full stop.";

/**
 * Undefined where the model has given none: it failed, was called off, had too much to say, or said nothing. Runs behind
 * everything that somebody waits for, and never takes an endpoint's last place. Never rejects.
 */
export async function generatedTitle(
  llm: Llm,
  question: StoredMessage,
  answer: StoredMessage,
  signal: AbortSignal,
): Promise<string | undefined> {
  const prompt = `The question:\n${beginning(question.message)}\n\nThe answer:\n${beginning(answer.message)}\n\nThe title:`;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]);
  const fold = new AnswerFold(llm.ref);
  try {
    const stream = runInScope({ ...currentScope(), workClass: "batch" }, () =>
      llm.streamBatches(prompt, { system, maxOutputTokens: MOST_WRITTEN, signal: limited }),
    );
    for await (const batch of stream) fold.add(batch);
  } catch {
    return undefined;
  }
  const { content, status, finishReason } = fold.result();
  if (status !== "complete" || finishReason !== "stop") return undefined;
  return cleaned(content);
}

function beginning({ content }: Message): string {
  const text = content
    .map((part: Part) => (part.type === "text" ? part.text : part.type === "file" ? `[file ${part.name}]` : ""))
    .join(" ");
  return Array.from(text.trim().slice(0, 2 * MOST_READ))
    .slice(0, MOST_READ)
    .join("");
}

/** Its first line that says something, without what models like to put around a title. Undefined where no title is left. */
function cleaned(content: string): string | undefined {
  const line = content.split("\n").find((one) => one.trim() !== "") ?? "";
  const bare = line
    .replace(/^\s*(?:#+|[-*>])\s+/u, "")
    .replace(/^\s*(?:\*\*)?title(?:\*\*)?\s*:\s*/iu, "")
    .replaceAll(/^[\s"'“”„«»‘’`*_]+|[\s"'“”„«»‘’`*_.。]+$/gu, "");
  return bare === "" ? undefined : shortTitle(bare);
}
