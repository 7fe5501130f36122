// `parley sessions list | show | search`: what is read and printed.

import { errorWords } from "../../error-words.ts";
import { linesOf } from "../../prompt-text.ts";
import { editorStores } from "../../sessions/known-stores.ts";
import type { SessionHit, TextRange } from "../../store-results.ts";
import type { ErrorInfo, Part, SessionInfo, StoredMessage } from "../../types.ts";
import type { ExitStatus } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { numberOption, parseCommand, UsageError } from "../usage.ts";
import { existingStore, foundSession, inStore, neededStore, oneId, shortIds, storeFolder } from "./chosen-store.ts";
import { listCommand, searchCommand, showCommand } from "./session-commands.ts";

const usualList = 100;
const usualSearch = 20;
const messagesPerSession = 3;
const notYet =
  "nothing was found so far: not all messages are in the index yet. It is made while Parley is at work; search again in a while.";

export async function listSessions(terminal: Terminal, args: readonly string[]): Promise<ExitStatus> {
  const parsed = parseCommand(listCommand, args);
  if (parsed.operands.length > 0) throw new UsageError('"sessions list" takes no operands; "sessions search WORD…" looks for words.');
  const limit = numberOption(parsed, "limit", 1, Number.MAX_SAFE_INTEGER, true) ?? usualList;
  const folder = storeFolder(parsed, terminal);
  const store = await existingStore(folder, terminal, "read");
  const all = store === undefined ? [] : await inStore(store, (opened) => opened.listSessions(limit + 1));
  const shown = all.slice(0, limit);
  if (parsed.flags.has("json")) await terminal.writeJson(...shown);
  else await terminal.write(table(shown));
  if (shown.length === 0) terminal.note(`there are no conversations in ${folder}.`);
  if (all.length > limit) terminal.note(`there are more; --limit ${limit * 10} shows them.`);
  for (const other of await editorStores(terminal)) {
    if (other.folder !== folder) terminal.note(`${other.editor} has conversations too: --store "${other.folder}"`);
  }
  return 0;
}

function table(sessions: readonly SessionInfo[]): string {
  const short = shortIds(sessions);
  const width = Math.max(0, ...sessions.map(({ model }) => (model ?? "").length));
  return sessions
    .map(({ id, updatedAt, model, title, answering }) => {
      const state = answering === undefined ? "" : "  (being answered)";
      return `${short(id)}  ${localTime(updatedAt)}  ${(model ?? "").padEnd(width)}  ${titleWords(title)}${state}\n`;
    })
    .join("");
}

export async function showSession(terminal: Terminal, args: readonly string[]): Promise<ExitStatus> {
  const parsed = parseCommand(showCommand, args);
  const id = oneId(parsed);
  return inStore<ExitStatus>(await neededStore(storeFolder(parsed, terminal), terminal, "read"), async (store) => {
    const session = await foundSession(store, id);
    const path = session.leaf === null ? [] : await store.getPath(session.leaf);
    if (parsed.flags.has("json")) await terminal.writeJson(...path);
    else await terminal.write(conversation(session, path));
    return 0;
  });
}

const names = { user: "User", assistant: "Assistant", system: "Summary", tool: "Tool" } as const;

function conversation(session: SessionInfo, path: readonly StoredMessage[]): string {
  const head = [`# ${titleWords(session.title)}`, `${session.id}, ${localTime(session.updatedAt)}`];
  if (session.systemPrompt !== undefined) head.push(`## System\n\n${session.systemPrompt}`);
  const messages = path.map(({ message, model, status, error }) => {
    const end = status === undefined || status === "complete" ? [] : [status];
    const heading = [names[message.role], ...(model === undefined ? [] : [model]), ...end].join(" · ");
    const parts = message.content.map((part: Part) => partWords(part)).filter((text) => text !== "");
    if (error !== undefined) parts.push(`[${reasonOf(error)}]`);
    return [`## ${heading}`, ...parts].join("\n\n");
  });
  return `${[...head, ...messages].join("\n\n")}\n`;
}

/** Why an answer is not whole. What is to be done about it is for whoever asked. */
function reasonOf(error: ErrorInfo): string {
  const { summary, detail } = errorWords(error, { place: "terminal" });
  return detail === undefined ? summary : `${summary} ${detail}`;
}

/** What was thought, and what only a provider reads, is in an export. */
function partWords(part: Part): string {
  switch (part.type) {
    case "text":
      return part.text.trimEnd();
    case "file":
      return `[${part.name}${linesOf(part)}]`;
    case "image":
      return `[an image, ${part.mediaType}]`;
    case "tool-call":
      return `[calls ${part.name} ${part.arguments}]`;
    case "tool-result":
      return part.content.trimEnd();
    default:
      return "";
  }
}

export async function searchSessions(terminal: Terminal, args: readonly string[]): Promise<ExitStatus> {
  const parsed = parseCommand(searchCommand, args);
  const text = parsed.operands.join(" ");
  if (text.trim() === "") throw new UsageError("What is to be searched for? Give one word or more.");
  const limit = numberOption(parsed, "limit", 1, 10_000, true) ?? usualSearch;
  return inStore<ExitStatus>(await neededStore(storeFolder(parsed, terminal), terminal, "read"), async (store) => {
    const { hits, complete } = await store.search({ text, limit, messagesPerSession });
    if (parsed.flags.has("json")) await terminal.writeJson(...hits);
    else await terminal.write(found(hits));
    if (!complete) terminal.note(hits.length === 0 ? notYet : "there may be more; more words, or --limit, tell it apart.");
    else if (hits.length === 0) terminal.note("nothing was found.");
    return 0;
  });
}

function found(hits: readonly SessionHit[]): string {
  const short = shortIds(hits.map(({ session }) => session));
  return hits
    .map(({ session, messages, messageCount }) => {
      const lines = messages.map(({ role, snippet, matches }) => `    ${names[role]}: ${marked(snippet, matches)}\n`);
      const more = messageCount > messages.length ? `    … and ${messageCount - messages.length} more\n` : "";
      return `${short(session.id)}  ${localTime(session.updatedAt)}  ${titleWords(session.title)}\n${lines.join("")}${more}`;
    })
    .join("");
}

/** What was found stands between brackets: a terminal's own emphasis would be lost in a pipe. */
function marked(text: string, matches: readonly TextRange[]): string {
  let end = 0;
  let marked = "";
  for (const [from, to] of matches) {
    marked += `${text.slice(end, from)}[${text.slice(from, to)}]`;
    end = to;
  }
  return marked + text.slice(end);
}

function titleWords(title: string): string {
  return title === "" ? "Untitled" : title.replaceAll(/\s+/gu, " ");
}

/** To the minute, as the clock on the wall has it. */
function localTime(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
