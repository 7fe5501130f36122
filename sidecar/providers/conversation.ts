// A conversation as any provider accepts it, whichever provider it began with and however its answers ended.
//
// Answers that came to nothing are left out; a tool call that was never answered gets an answer that says so, and a result
// whose call is gone becomes a text of the user's, because every provider refuses a request in which calls and results do not
// pair; neighbouring messages of one side become one, because some chat templates insist on turns.

import type {
  AssistantPart,
  JsonObject,
  JsonValue,
  Message,
  OpaquePart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  UserPart,
} from "../types.ts";
import { asObject, parseJson } from "./json-fields.ts";
import { wellFormedJson } from "./well-formed-json.ts";
import { WITHOUT_OPAQUE, type WireTarget, type WireWarning } from "./wire-adapter.ts";

export type Turn =
  | { readonly role: "system"; readonly content: readonly TextPart[] }
  | { readonly role: "user"; readonly content: readonly UserPart[] }
  | { readonly role: "assistant"; readonly content: readonly AssistantPart[] }
  | { readonly role: "tool"; readonly content: readonly ToolResultPart[] };

/** Whose opaque parts this target is sent back: its own, unless it could not read them. */
export function opaqueFrom(target: WireTarget): string | undefined {
  return target.learned.has(WITHOUT_OPAQUE) ? undefined : target.provider;
}

/**
 * `provider`: opaque parts of others are left out, and all where it is undefined. `warnings` is told of results without a call.
 * `isWork`: of the opaque parts those that are more than reasoning, so that an answer of them alone is one. What the system says
 * while calls wait for their results follows these.
 */
export function readTurns(
  messages: readonly Message[],
  provider: string | undefined,
  warnings: WireWarning[],
  isWork: (part: OpaquePart) => boolean = () => false,
): readonly Turn[] {
  const turns: Turn[] = [];
  const strays: ToolResultPart[] = [];
  let told = 0;
  let open: ToolCallPart[] = [];
  let system: Turn[] = [];
  const endRound = (): void => {
    closeOpenCalls(turns, open);
    open = [];
    turns.push(...system);
    system = [];
    // Not before: between calls and their results nothing may stand.
    addUser(turns, strays.slice(told).map(strayText));
    told = strays.length;
  };
  for (const message of messages) {
    if (message.role === "system") {
      if (message.content.some(isSaid)) system.push(message);
      if (open.length === 0) endRound();
      continue;
    }
    if (message.role === "tool") {
      for (const result of message.content) {
        const call = open.find(({ id }) => id === result.id);
        open = open.filter((one) => one !== call);
        if (call !== undefined) addResults(turns, [result]);
        else strays.push(result);
      }
      continue;
    }
    endRound();
    if (message.role === "user") {
      addUser(turns, message.content);
    } else {
      const content = usableParts(message.content, provider, isWork);
      if (content.length > 0) addAnswer(turns, content);
      open = content.filter((part) => part.type === "tool-call");
    }
  }
  endRound();
  warnOfStrays(strays, warnings);
  return turns;
}

/**
 * A tool's result on a wire that has no field for failure: there the model is told in the text itself, by the word that tools
 * begin their own failures with. One that begins with it already is left as it is.
 */
export function resultText({ content, isError }: Pick<ToolResultPart, "content" | "isError">): string {
  if (isError !== true || /^\W*error\b/iu.test(content)) return content;
  return content.trim() === "" ? "Error" : `Error: ${content}`;
}

/** That nothing is missing from a call can be seen by arguments that are an object: none at all may be still to come. */
export function isWholeCall(writtenArguments: string): boolean {
  return asObject(parseJson(writtenArguments)) !== undefined;
}

/** A call's arguments as an object. What a model wrote wrongly, or did not finish, is told to it as that. */
export function argumentsObject({ arguments: text }: ToolCallPart): JsonObject {
  if (text.trim() === "") return {};
  return asObject(parseJson(text)) ?? { invalid_json: text };
}

/**
 * The same as the text of an object, byte for byte the model's own where that is one of whole characters: servers that read it for their chat
 * template (llama.cpp's among them) refuse every turn of a conversation that holds anything else.
 */
export function argumentsText(call: ToolCallPart): string {
  const { arguments: text } = call;
  const isObject = text.trim() !== "" && asObject(parseJson(text)) !== undefined;
  // Its own JSON inside that of the body: what it escapes, the body does not show.
  return wellFormedJson(isObject ? text : JSON.stringify(argumentsObject(call)));
}

function strayText(result: ToolResultPart): TextPart {
  return { type: "text", text: `Result of ${toolOf(result)}:\n${resultText(result)}` };
}

/** One for all of them: it names the first. */
function warnOfStrays(strays: readonly ToolResultPart[], warnings: WireWarning[]): void {
  const [first, ...others] = strays;
  if (first === undefined) return;
  const more = others.length === 0 ? "" : ` So were ${others.length} more.`;
  const message = `The result of ${toolOf(first)} (id "${first.id.slice(0, 100)}") follows no call that waits for it; it was sent as a text of the user's.${more}`;
  warnings.push({ type: "warning", code: "tool-result-without-call", parameter: "messages", message });
}

function toolOf({ name }: ToolResultPart): string {
  return name === undefined ? "a tool" : `the tool "${name}"`;
}

/** Nothing at all where there is neither a word nor a call: reasoning alone is what an interrupted answer leaves behind. */
function usableParts(
  parts: readonly AssistantPart[],
  provider: string | undefined,
  isWork: (part: OpaquePart) => boolean,
): readonly AssistantPart[] {
  const usable = parts.filter((part) => (part.type === "opaque" ? part.provider === provider : part.type !== "text" || part.text !== ""));
  return usable.some((part) => part.type === "tool-call" || (part.type === "opaque" ? isWork(part) : isSaid(part))) ? usable : [];
}

function isSaid(part: AssistantPart): boolean {
  return part.type === "text" && part.text.trim() !== "";
}

function addUser(turns: Turn[], content: readonly UserPart[]): void {
  const parts = content.filter((part) => part.type !== "text" || part.text.trim() !== "");
  if (parts.length === 0) return;
  const last = turns.at(-1);
  if (last?.role === "user") turns[turns.length - 1] = { role: "user", content: [...last.content, ...parts] };
  else turns.push({ role: "user", content: parts });
}

/** Answers that follow each other are one, because many chat templates insist on turns; a call still waits for its result. */
function addAnswer(turns: Turn[], content: readonly AssistantPart[]): void {
  const last = turns.at(-1);
  if (last?.role !== "assistant") {
    turns.push({ role: "assistant", content });
    return;
  }
  const between: readonly AssistantPart[] = endsInText(last.content) && content[0]?.type === "text" ? [{ type: "text", text: "\n\n" }] : [];
  turns[turns.length - 1] = { role: "assistant", content: [...last.content, ...between, ...content] };
}

function endsInText(content: readonly AssistantPart[]): boolean {
  return content.findLast((part) => part.type !== "opaque")?.type === "text";
}

function addResults(turns: Turn[], results: readonly ToolResultPart[]): void {
  const last = turns.at(-1);
  if (last?.role === "tool") turns[turns.length - 1] = { role: "tool", content: [...last.content, ...results] };
  else turns.push({ role: "tool", content: results });
}

function closeOpenCalls(turns: Turn[], open: readonly ToolCallPart[]): void {
  if (open.length === 0) return;
  addResults(
    turns,
    open.map(({ id, name }) => ({
      type: "tool-result",
      id,
      name,
      content: "The tool was not run: the answer was interrupted.",
      isError: true,
    })),
  );
}

export function textOf(parts: readonly { readonly type: string; readonly text?: string }[], separator: string): string {
  return parts.flatMap((part) => (part.type === "text" && part.text !== undefined ? [part.text] : [])).join(separator);
}

/** What a wire keeps in an opaque part: `wire` tells its own from that of another wire of the same provider. */
export function opaqueData(part: OpaquePart, wire: string): { readonly [key: string]: JsonValue | undefined } | undefined {
  const { data } = part;
  if (typeof data !== "object" || data === null || Array.isArray(data)) return undefined;
  return isWireData(data) && data["wire"] === wire ? data : undefined;
}

function isWireData(data: object): data is { readonly [key: string]: JsonValue | undefined } {
  return "wire" in data;
}
