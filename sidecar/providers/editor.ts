// The models that other extensions offer inside the editor. They can be called in the extension host alone, so this provider
// asks the host to call them; the host also asks the user for consent, and waits for it as long as it takes, which is why no
// time limit applies here.

import { withSchemaInWords } from "../structured/schema-prompt.ts";
import type { Message, ModelInfo, ToolCallPart, ToolResultPart } from "../types.ts";
import { withSentIds, type Sent } from "./call-ids.ts";
import { withSentNames } from "./call-names.ts";
import { readTurns, resultText } from "./conversation.ts";
import type { ModelRequest, Provider, ProviderEvent, RequestContext } from "./provider.ts";
import { warnOfToolExtras } from "./tool-extras.ts";
import type { WireWarning } from "./wire-adapter.ts";

/** A piece of an answer, as the host hands it over. */
export type EditorDelta = Extract<ProviderEvent, { type: "text-delta" | "tool-call" }>;

/** The editor, as far as this provider sees it. All throw `ProviderError`, or the signal's reason once it is aborted. */
export interface EditorModels {
  list(signal: AbortSignal): Promise<readonly ModelInfo[]>;
  /** Calls `onDelta` for each piece in order, then resolves. Aborting it cancels the model's answer. */
  ask(
    request: ModelRequest,
    onDelta: (delta: EditorDelta) => void,
    signal: AbortSignal,
  ): Promise<{ readonly finishReason: "stop" | "other" }>;
  /** Tokens of the messages and the system prompt, all in one question. Aborting it calls the count off. */
  count(request: ModelRequest, signal: AbortSignal): Promise<number>;
}

export function createEditorProvider(editor: EditorModels): Provider {
  return {
    id: "editor",
    listModels: ({ signal }) => editor.list(signal),
    stream: (request, context) => stream(editor, withoutSchema(request), context),
    countTokens: (request, signal) => countTokens(editor, withoutSchema(request), signal),
  };
}

/** The editor's interface has no place for a schema. */
function withoutSchema(request: ModelRequest): ModelRequest {
  return { ...request, parameters: withSchemaInWords(request.parameters) };
}

/** Messages alone can be counted in the editor's interface: nobody knows how a model is told of its tools. */
async function countTokens(editor: EditorModels, request: ModelRequest, signal: AbortSignal): Promise<number | undefined> {
  const { tools = [] } = request.parameters;
  if (tools.length > 0) return undefined;
  return editor.count({ ...request, messages: editorMessages(request, []) }, signal);
}

async function* stream(
  editor: EditorModels,
  request: ModelRequest,
  { signal, onWhole }: RequestContext,
): AsyncGenerator<readonly ProviderEvent[], void, undefined> {
  signal.throwIfAborted();
  const gathered: ProviderEvent[] = [];
  const asked = { ...request, messages: editorMessages(request, gathered) };
  warnOfToolExtras("The editor's interface", request.parameters.tools, [], gathered);
  const leave = new AbortController();
  const follow = (): void => leave.abort(signal.reason);
  signal.addEventListener("abort", follow, { once: true });
  let ended = false;
  let wake = (): void => {};
  const onDelta = (delta: EditorDelta): void => {
    gathered.push(delta);
    wake();
  };
  const answer = editor.ask(asked, onDelta, leave.signal).finally(() => {
    ended = true;
    wake();
    onWhole?.();
  });
  // Whoever reads to the end meets its rejection; a reader that leaves before has no use for it.
  answer.catch(() => {});
  try {
    for (;;) {
      if (gathered.length > 0) yield gathered.splice(0);
      else if (ended) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    const { finishReason } = await answer;
    yield [{ type: "finish", finishReason, rawFinishReason: null }];
  } finally {
    signal.removeEventListener("abort", follow);
    leave.abort();
  }
}

/** In the editor's interface a result has no field for failure either, and its models refuse calls and results that do not pair. */
function editorMessages({ messages, parameters }: ModelRequest, events: ProviderEvent[]): readonly Message[] {
  const warnings: WireWarning[] = [];
  const turns = withSentIds(withSentNames(readTurns(messages, undefined, warnings), parameters.tools));
  events.push(...warnings);
  return turns.map((turn): Message => {
    if (turn.role === "system" || turn.role === "user") return turn;
    if (turn.role === "assistant")
      return { role: "assistant", content: turn.content.map((part) => (part.type === "tool-call" ? asSent(part) : part)) };
    return { role: "tool", content: turn.content.map((result) => ({ ...asSent(result), content: resultText(result) })) };
  });
}

function asSent<Part extends ToolCallPart | ToolResultPart>({ sentId, ...part }: Sent<Part>): Omit<Sent<Part>, "sentId"> {
  return { ...part, id: sentId };
}
