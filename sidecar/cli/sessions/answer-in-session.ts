// `parley ask --session`: a question in a conversation that is kept.

import type { GenerateOptions } from "../../api.ts";
import { Failure } from "../../failure.ts";
import { Session } from "../../sessions/session.ts";
import type { SessionStore } from "../../sessions/store.ts";
import type { StreamEvent, UserPart } from "../../types.ts";
import { chooseModel, type Program } from "../program.ts";
import { CommandError, single, type ParsedArguments } from "../usage.ts";
import { foundSession, neededStore, openedStore, storeFolder } from "./chosen-store.ts";

export interface QuestionInSession {
  /** `new`, or an id or the beginning of one. */
  readonly session: string;
  readonly content: readonly UserPart[];
  /** Of a new conversation they are kept with it; in another one they hold for this question. */
  readonly options: GenerateOptions;
}

/**
 * The answer as it comes, of the model that was named, else of the conversation's own. The id of a new conversation is told on the
 * error output as soon as its question is kept. Rejects with `CommandError` and `UsageError`, and with the signal's reason
 * where the question was not asked yet.
 */
export async function* answerInSession(
  program: Program,
  parsed: ParsedArguments,
  { session: wanted, content, options }: QuestionInSession,
): AsyncGenerator<readonly StreamEvent[], void, undefined> {
  const { terminal } = program;
  const folder = storeFolder(parsed, terminal);
  const isNew = wanted === "new";
  const store = await (isNew ? openedStore(folder, terminal) : neededStore(folder, terminal));
  try {
    const [session, turnOptions] = await sessionIn(store, isNew ? undefined : wanted, { program, parsed, options });
    const turn = await session.begin(content, { ...turnOptions, signal: terminal.signal });
    if (isNew) terminal.note(`session ${session.id}`);
    yield* turn.events();
  } catch (error) {
    throw error instanceof Failure ? new CommandError(error.message) : error;
  } finally {
    await store.close();
  }
}

interface Asked {
  readonly program: Program;
  readonly parsed: ParsedArguments;
  readonly options: GenerateOptions;
}

/** With what is to be said of this question alone. */
async function sessionIn(
  store: SessionStore,
  id: string | undefined,
  { program, parsed, options }: Asked,
): Promise<readonly [Session, GenerateOptions]> {
  const info = id === undefined ? undefined : await foundSession(store, id);
  const baseUrl = single(parsed, "base-url");
  const { provider, model } = await chooseModel(program, single(parsed, "model") ?? info?.model ?? undefined, baseUrl);
  const llm = program.engine.llmAt(provider, model, baseUrl === undefined ? {} : { baseUrl });
  if (info !== undefined) return [await Session.open(llm, info.id, store), options];
  // A schema is for one answer.
  const { system, responseSchema, ...parameters } = options;
  const session = new Session(llm, {
    store,
    ...(system !== undefined && { systemPrompt: system }),
    ...(Object.keys(parameters).length > 0 && { parameters }),
  });
  return [session, responseSchema === undefined ? {} : { responseSchema }];
}
