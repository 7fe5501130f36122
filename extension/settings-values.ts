// From what stands in a settings file, which can be anything, to what the engine takes. What does not fit is left out and
// told, so that one wrong line costs itself alone.

import type { ChatSettings, EngineSettings, ProviderSettings } from "../sidecar/settings.ts";
import type { ModelRef, TimeLimits } from "../sidecar/types.ts";
import { asRecord, type Complain, readInteger, readString, readTexts } from "./settings-fields.ts";
import { readModelOverrides } from "./settings-models.ts";

export interface RawSettings {
  readonly providers: unknown;
  readonly servers: unknown;
  readonly concurrency: unknown;
  readonly localModels: unknown;
  readonly whenContextIsFull: unknown;
  readonly generateTitles: unknown;
}

/** Requests at once to one endpoint at most, as long as the settings say nothing. What it bears is found out below that. */
export const DEFAULT_CONCURRENCY = 64;
const MAX_CONCURRENCY = 1000;
/** One day in milliseconds: larger values overflow timers before they help anybody. */
const MAX_LIMIT_MS = 86_400_000;

/** The name of a server: the part of `name/model` before the slash. */
export const SERVER_NAME = /^[a-z0-9][a-z0-9._-]{0,39}$/;

/** Reads all settings of the engine. A server of the user's own never replaces a provider's settings of the same id. */
export function readEngineSettings(raw: RawSettings, complain: Complain): EngineSettings {
  const servers = Object.entries(asRecord(raw.servers, "parley.servers", complain)).flatMap(([name, value]) => {
    const at = `parley.servers.${name}`;
    if (!SERVER_NAME.test(name)) {
      complain(at, "the name of a server has lower-case letters, digits, dots, hyphens and underscores");
      return [];
    }
    const settings = readProvider(value, at, complain);
    if (settings.baseUrl !== undefined) return [[name, settings] as const];
    complain(at, "a server needs a baseUrl");
    return [];
  });
  const providers = Object.entries(asRecord(raw.providers, "parley.providers", complain)).map(
    ([id, value]) => [id, readProvider(value, `parley.providers.${id}`, complain)] as const,
  );
  return {
    providers: Object.fromEntries([...servers, ...providers]),
    concurrency: readInteger(raw.concurrency, 1, MAX_CONCURRENCY, "parley.concurrency", complain) ?? DEFAULT_CONCURRENCY,
    localModels: readPaths(raw.localModels, complain),
    chat: readChat(raw, complain),
  };
}

/** Titles are made unless somebody says no. */
function readChat({ whenContextIsFull: whenFull, generateTitles = true }: RawSettings, complain: Complain): ChatSettings {
  const fits = whenFull === undefined || whenFull === "summarize" || whenFull === "refuse";
  if (!fits) complain("parley.whenContextIsFull", 'it must be "summarize" or "refuse"');
  if (typeof generateTitles !== "boolean") complain("parley.generateTitles", "it must be true or false");
  return { whenContextIsFull: whenFull === "refuse" ? "refuse" : "summarize", generateTitles: generateTitles !== false };
}

function readProvider(value: unknown, at: string, complain: Complain): ProviderSettings {
  const raw = asRecord(value, at, complain);
  const baseUrl = readBaseUrl(raw["baseUrl"], `${at}.baseUrl`, complain);
  const preset = readString(raw["preset"], `${at}.preset`, complain);
  const concurrency = readInteger(raw["concurrency"], 1, MAX_CONCURRENCY, `${at}.concurrency`, complain);
  const timeLimits = readTimeLimits(raw["timeLimits"], `${at}.timeLimits`, complain);
  const models = readModelOverrides(raw["models"], `${at}.models`, complain);
  const { api } = raw;
  if (api !== undefined && api !== "responses" && api !== "chat") complain(`${at}.api`, 'it must be "responses" or "chat"');
  return {
    ...(preset !== undefined && { preset }),
    ...(baseUrl !== undefined && { baseUrl }),
    ...(timeLimits !== undefined && { timeLimits }),
    ...(concurrency !== undefined && { concurrency }),
    ...((api === "responses" || api === "chat") && { api }),
    ...(models !== undefined && { models }),
  };
}

function readTimeLimits(value: unknown, at: string, complain: Complain): TimeLimits | undefined {
  if (value === undefined) return undefined;
  const raw = asRecord(value, at, complain);
  const limits: Record<string, number> = {};
  for (const name of ["connectMs", "firstTokenMs", "idleMs"]) {
    const ms = readInteger(raw[name], 0, MAX_LIMIT_MS, `${at}.${name}`, complain);
    if (ms !== undefined) limits[name] = ms;
  }
  return limits;
}

function readBaseUrl(value: unknown, at: string, complain: Complain): string | undefined {
  const text = readString(value, at, complain);
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:") && url.username === "" && url.password === "") return text;
  complain(at, "it must be an http or https address without a password in it, such as http://localhost:8000/v1");
  return undefined;
}

function readPaths(value: unknown, complain: Complain): readonly string[] {
  return readTexts(value, "parley.localModels", ["it must be a list of paths", "it must be the path of a GGUF file"], complain);
}

/** The model of new chats; null where the choice is Parley's, which is so, too, where the setting names none. */
export function readModelRef(value: unknown, complain: Complain): ModelRef | null {
  const ref = typeof value === "string" ? value.trim() : value;
  if (ref === undefined || ref === null || ref === "") return null;
  if (typeof ref === "string" && /^[^/\s]+\/./u.test(ref)) return ref;
  complain(
    "parley.model",
    "a model is named provider/model, such as ollama/qwen3:4b-instruct. Instead, new chats take the last used model, else one that is found",
  );
  return null;
}
