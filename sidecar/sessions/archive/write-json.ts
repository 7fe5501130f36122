// A conversation as JSON in the form `session-archive/v1`, by AbstractCore's `session_schema.json`: what it has a place for
// stands there, and other programs find it; what only Parley knows travels under `metadata.parley`, and is read back from there
// (`read-json.ts`). One message stands on a line, with its fields always in the same order.

import { isObject } from "../../check.ts";
import type { AssistantPart, JsonObject, JsonValue, Message, ModelRef, Part, ToolCallPart, ToolResultPart } from "../../types.ts";
import { foreignKey, jsonVersion, type ArchivedMessage, type ArchivedSession, type ConversationSource } from "./conversation.ts";
import { inTextFile } from "./exact-text.ts";

const earliest = Date.parse("0000-01-01T00:00:00.000Z");
const latest = Date.parse("9999-12-31T23:59:59.999Z");

/**
 * Rejects as the source does, which is read twice: for what the path shown is, and for its messages. Once more for those of other
 * branches, where there are any.
 */
export async function* writeJson(source: ConversationSource): AsyncGenerator<string, void, undefined> {
  const { session } = source;
  const { path, summary } = await outlineOf(source);
  yield `{"schema_version":${inTextFile(jsonVersion)},\n"session":${inTextFile(sessionObject(session, summary))},\n"messages":[`;
  const hasOthers = yield* lines(source, path, true);
  yield `\n],\n"metadata":{"parley":{"branches":[`;
  if (hasOthers) yield* lines(source, path, false);
  yield `\n]}}`;
  for (const [name, value] of Object.entries(foreignPart(session, "file"))) {
    if (!["schema_version", "session", "messages", "metadata"].includes(name)) yield `,\n${inTextFile(name)}:${inTextFile(value)}`;
  }
  yield "}\n";
}

/** Gives back whether it has passed over any. */
async function* lines(
  { messages }: ConversationSource,
  path: ReadonlySet<string>,
  shown: boolean,
): AsyncGenerator<string, boolean, undefined> {
  let number = 0;
  let separator = "\n";
  let hasOthers = false;
  for await (const message of messages()) {
    number += 1;
    if (path.has(message.id) !== shown) {
      hasOthers = true;
      continue;
    }
    yield `${separator}${inTextFile(messageObject(message, number))}`;
    separator = ",\n";
  }
  return hasOthers;
}

type KeptSummary = Pick<ArchivedMessage, "parent" | "message" | "createdAt">;

interface Summary {
  readonly created_at: string;
  readonly preserve_recent: number;
  readonly text: string;
}

interface Outline {
  /** The ids of the messages shown, the newest first. */
  readonly path: ReadonlySet<string>;
  readonly summary: Summary | undefined;
}

async function outlineOf({ session, messages }: ConversationSource): Promise<Outline> {
  const parents = new Map<string, string | null>();
  const summaries: KeptSummary[] = [];
  for await (const { id, parent, message, createdAt } of messages()) {
    parents.set(id, parent);
    if (message.role === "system") summaries.push({ parent, message, createdAt });
  }
  const path = new Set<string>();
  for (let at = session.leaf; at !== null && parents.has(at) && !path.has(at); at = parents.get(at) ?? null) path.add(at);
  return { path, summary: summaryOf(summaries, path) };
}

/** The one that stands for most of the path shown, the newest where several do. */
function summaryOf(summaries: readonly KeptSummary[], path: ReadonlySet<string>): Summary | undefined {
  const fromTheEnd = new Map([...path].map((id, index) => [id, index]));
  let best: Summary | undefined;
  for (const { message, parent, createdAt } of summaries) {
    const after = fromTheEnd.get(parent ?? "");
    if (after === undefined || after > (best?.preserve_recent ?? Number.MAX_SAFE_INTEGER)) continue;
    best = { created_at: timestamp(createdAt), preserve_recent: after, text: contentOf(message) };
  }
  return best;
}

function sessionObject(session: ArchivedSession, summary: Summary | undefined): object {
  const { id, title, systemPrompt, parameters, createdAt, updatedAt, leaf, metadata } = session;
  const foreign = foreignPart(session, "session");
  const known = {
    id,
    created_at: timestamp(createdAt),
    ...modelNames(session.model),
    model_params: parameters === undefined ? null : modelParameters(session),
    system_prompt: systemPrompt ?? null,
    tool_registry: toolRegistry(session, foreign),
    settings: isObject(foreign["settings"]) ? foreign["settings"] : {},
    ...(summary !== undefined && { summary }),
  };
  const exact = { title, ...exactTime("createdAt", createdAt), updatedAt, leaf, parameters, metadata };
  const rest = Object.entries(foreign).filter(([name]) => !Object.hasOwn(known, name) && name !== "metadata");
  return { ...known, ...Object.fromEntries(rest), metadata: { parley: exact } };
}

/** Parley's own tools; where it has none, those of the file that the conversation comes from. */
function toolRegistry({ parameters }: ArchivedSession, { tool_registry: kept }: { readonly [name: string]: unknown }): readonly unknown[] {
  const { tools = [] } = parameters ?? {};
  if (tools.length === 0 && Array.isArray(kept)) return kept;
  return tools.map(({ name, description, parameters: schema }) => ({ name, description, json_schema: schema }));
}

/** What a file of another program held that has no place in Parley: see `foreign-archive.ts`. */
function foreignPart({ metadata }: ArchivedSession, part: "session" | "file"): { readonly [name: string]: unknown } {
  const foreign = metadata?.[foreignKey];
  const found = isObject(foreign) ? foreign[part] : undefined;
  return isObject(found) ? found : {};
}

/** `provider/model` is two fields there. A reference that has no slash is told whole. */
function modelNames(ref: ModelRef | null): { readonly provider: string | null; readonly model: string | null } {
  const slash = ref?.indexOf("/") ?? -1;
  return ref === null || slash < 0 ? { provider: null, model: ref } : { provider: ref.slice(0, slash), model: ref.slice(slash + 1) };
}

function modelParameters({ parameters = {} }: ArchivedSession): object {
  const { temperature, topP, maxOutputTokens, seed, stop, reasoning } = parameters;
  return { temperature, top_p: topP, max_output_tokens: maxOutputTokens, seed, stop, reasoning };
}

/** `number`: from 1, in the order in which messages were kept. */
function messageObject({ id, parent, message, createdAt, ...rest }: ArchivedMessage, number: number): object {
  const { model, status, finishReason, usage, cost, timings, error, metadata } = rest;
  const exact = {
    number,
    parent,
    ...exactTime("createdAt", createdAt),
    ...exactParts(message),
    model,
    status,
    finishReason,
    usage,
    cost,
    timings,
    error,
    metadata,
  };
  const told = { ...fittingMetadata(metadata), ...toolFields(message), parley: exact };
  return { id, role: message.role, content: contentOf(message), timestamp: timestamp(createdAt), metadata: told };
}

/** What other programs read of a message. */
function contentOf({ content }: Message): string {
  return content
    .flatMap((part: Part) => (part.type === "text" ? [part.text] : part.type === "tool-result" ? [part.content] : []))
    .join("\n\n");
}

/** Nothing where the content says all. A single text is not written twice. */
function exactParts({ content }: Message): { readonly parts?: readonly object[] } {
  const [only] = content;
  if (content.length === 1 && only?.type === "text") return {};
  const texts = content.filter(({ type }: Part) => type === "text" || type === "tool-result").length;
  return { parts: content.map((part: Part) => (texts === 1 ? withoutText(part) : part)) };
}

function withoutText(part: Part): object {
  if (part.type === "text") return { type: part.type };
  if (part.type !== "tool-result") return part;
  const { content: _content, ...rest } = part;
  return rest;
}

const isText = (value: unknown): boolean => value === null || typeof value === "string";

/** Names that have a meaning in that form, and what may stand there. */
const metadataFields: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ["name", isText],
  ["location", isText],
  ["call_id", isText],
  ["stderr", isText],
  ["duration_ms", (value: unknown) => value === null || typeof value === "number"],
  ["status", (value: unknown) => value === "ok" || value === "error" || value === "timeout"],
  // Told anew from the calls themselves.
  ["requested_tool_calls", () => false],
]);

/** What other programs may read of it; all of it is told beside. */
function fittingMetadata(metadata: JsonObject = {}): object {
  return Object.fromEntries(Object.entries(metadata).filter(([name, value]) => metadataFields.get(name)?.(value) ?? true));
}

function toolFields({ role, content }: Message): object {
  if (role === "assistant") {
    const calls = content.filter(isCall).flatMap(requestedCall);
    return calls.length === 0 ? {} : { requested_tool_calls: calls };
  }
  const [only] = role === "tool" ? content : [];
  if (role !== "tool" || only === undefined || content.length > 1) return {};
  return resultFields(only);
}

function isCall(part: AssistantPart): part is ToolCallPart {
  return part.type === "tool-call";
}

/** Arguments that are no object, as models write them at times, have no place there. */
function requestedCall({ id, name, arguments: written }: ToolCallPart): readonly object[] {
  try {
    const value: JsonValue = JSON.parse(written);
    return isObject(value) ? [{ call_id: id, name, arguments: value }] : [];
  } catch {
    return [];
  }
}

function resultFields({ id, name, isError }: ToolResultPart): object {
  return { call_id: id, ...(name !== undefined && { name }), status: isError === true ? "error" : "ok" };
}

/** By RFC 3339. What lies outside of its years is written as the nearest that does not. */
function timestamp(at: number): string {
  return new Date(Math.min(Math.max(at, earliest), latest)).toISOString();
}

/** Only where the time stamp does not say it. */
function exactTime(name: string, at: number): { readonly [name: string]: number } {
  return Date.parse(timestamp(at)) === at ? {} : { [name]: at };
}
