// Checks what a caller asked for before anything is sent. What is wrong is named; nothing is corrected or dropped in silence.

import type { GenerateOptions } from "../api.ts";
import { nearestName } from "../nearest-name.ts";
import type { GenerationParameters, ReasoningEffort, TimeLimits, ToolDefinition } from "../types.ts";
import type { ProviderError } from "../providers/provider.ts";
import { invalidRequest } from "./answer-error.ts";

/** The names of an interface's fields: the compiler sees to it that they are all of them. */
export type OptionNames<T> = { readonly [Name in keyof T]-?: true };

type Check = (value: unknown) => string | undefined;

/** Bounds against slips, not against providers: each of them has narrower rules of its own and refuses by itself. */
const MAX_STOP_SEQUENCES = 64;
const MAX_TOOLS = 1024;
const TOOL_NAME = /^[\w.:-]{1,128}$/u;
const EFFORTS: readonly ReasoningEffort[] = ["off", "low", "medium", "high"];

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);
const text: Check = (value) => (typeof value === "string" ? undefined : "must be a text");
/** Also where `JSON.stringify` itself throws: an object that holds itself, a BigInt. */
const isJson = (value: unknown): boolean => {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
};
const NO_JSON = "holds what cannot be written as JSON (itself, or a BigInt)";
const jsonObject: Check = (value) => (isObject(value) ? (isJson(value) ? undefined : NO_JSON) : "must be an object");
const between =
  (least: number, most: number): Check =>
  (value) =>
    typeof value === "number" && value >= least && value <= most ? undefined : `must be a number from ${least} to ${most}`;
const integer =
  (least: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && Number(value) >= least ? undefined : `must be a whole number, ${least} or more`;

const checks: { readonly [Name in keyof GenerationParameters]-?: Check } = {
  system: text,
  temperature: between(0, 2),
  topP: between(0, 1),
  seed: integer(Number.MIN_SAFE_INTEGER),
  maxOutputTokens: integer(1),
  stop: (value) => {
    if (!Array.isArray(value) || !value.every((one) => typeof one === "string" && one !== "")) return "must be a list of non-empty texts";
    return value.length > MAX_STOP_SEQUENCES ? `must have at most ${MAX_STOP_SEQUENCES} entries` : undefined;
  },
  reasoning: (value) => (EFFORTS.some((effort) => effort === value) ? undefined : `must be one of ${EFFORTS.join(", ")}`),
  tools: (value) => {
    if (!Array.isArray(value)) return "must be a list of tools";
    if (value.length > MAX_TOOLS) return `must have at most ${MAX_TOOLS} entries`;
    return value.map(checkTool).find((problem) => problem !== undefined);
  },
  responseSchema: jsonObject,
  providerOptions: (value) => {
    const fits = isObject(value) && Object.values(value).every(isObject);
    return fits ? jsonObject(value) : "must be an object that holds one object for each provider's id";
  },
};

const boolean: Check = (value) => (typeof value === "boolean" ? undefined : "must be true or false");
const jsonObjects: Check = (value) => {
  if (!Array.isArray(value)) return "must be a list of objects";
  return value.map(jsonObject).find((problem) => problem !== undefined);
};

const toolFields: { readonly [Field in keyof ToolDefinition]-?: Check } = {
  name: text,
  description: text,
  parameters: jsonObject,
  strict: boolean,
  cache_control: jsonObject,
  input_examples: jsonObjects,
};

/** Throws for a field that tools do not have. */
function checkTool(value: unknown): string | undefined {
  if (!isObject(value)) return "must be a list of objects { name, description?, parameters }";
  const { name, description, parameters } = value as Partial<Record<keyof ToolDefinition, unknown>>;
  if (typeof name !== "string" || !TOOL_NAME.test(name)) {
    return `has a tool with the name ${shown(name)}; a name is 1 to 128 letters, digits, underscores, hyphens, dots or colons`;
  }
  if (description !== undefined && typeof description !== "string") return `has a description for "${name}" that is no text`;
  if (!isObject(parameters)) return `has no JSON Schema under "parameters" for "${name}"`;
  if (!isJson(parameters)) return `has a JSON Schema for "${name}" that ${NO_JSON}`;
  for (const [field, given] of Object.entries(value)) {
    if (given === undefined) continue;
    if (!isToolField(field)) throw unknownName("field of a tool", field, Object.keys(toolFields));
    const problem = toolFields[field](given);
    if (problem !== undefined) return `has a tool "${name}" whose "${field}" ${problem}`;
  }
  return undefined;
}

/**
 * The parameters alone, checked: entries that are undefined fall away, so that absent and undefined are one.
 * Throws a `ProviderError` of kind `invalid-request` that names the parameter, also for a name that does not exist. `others`:
 * what the caller takes beside the parameters and has taken out, since it may have been meant.
 */
export function checkedParameters(given: object, others: object = {}): GenerationParameters {
  const parameters: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!isParameter(name)) throw unknownName("parameter", name, Object.keys({ ...checks, ...others }));
    const problem = checks[name](value);
    if (problem !== undefined) throw invalidParameter(`The parameter "${name}" ${problem}; it is ${shown(value)}.`);
    parameters[name] = value;
  }
  return parameters;
}

/** What every request takes beside its parameters. */
const REQUEST_OPTIONS: OptionNames<Omit<GenerateOptions, keyof GenerationParameters>> = { signal: true, timeLimits: true };
const TIME_LIMITS: OptionNames<TimeLimits> = { connectMs: true, firstTokenMs: true, idleMs: true };

/** The parameters of a request's options, checked together with its time limits. `others` as in `checkedParameters`. */
export function checkedOptions(options: GenerateOptions, others: object = {}): GenerationParameters {
  const { signal, timeLimits, ...rest } = options;
  if (signal !== undefined) checkSignal(signal);
  if (timeLimits !== undefined) checkTimeLimits(timeLimits);
  return checkedParameters(rest, { ...REQUEST_OPTIONS, ...others });
}

/** A signal of another realm is one as well. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  return isObject(value) && "aborted" in value && "addEventListener" in value;
}

/** Throws a `ProviderError` of kind `invalid-request`. */
export function checkSignal(value: unknown): void {
  if (!isAbortSignal(value)) throw invalidParameter(`The option "signal" must be an AbortSignal; it is ${shown(value)}.`);
}

/** Throws a `ProviderError` of kind `invalid-request` unless it is undefined, or a whole number from 1. */
export function checkAtLeastOne(name: string, value: unknown): void {
  const problem = value === undefined ? undefined : integer(1)(value);
  if (problem !== undefined) throw invalidParameter(`The parameter "${name}" ${problem}; it is ${shown(value)}.`);
}

/** Throws a `ProviderError` of kind `invalid-request` for extras of a provider that there is not. `known`: the ids of all. */
export function checkProviderOptions(given: unknown, known: readonly string[]): void {
  if (!isObject(given)) return;
  checkNames("provider", given, Object.fromEntries(known.map((id) => [id, true])));
}

function checkTimeLimits(limits: unknown): void {
  if (!isObject(limits)) {
    const known = Object.keys(TIME_LIMITS).join(", ");
    throw invalidParameter(`The option "timeLimits" must be an object that holds milliseconds (${known}); it is ${shown(limits)}.`);
  }
  checkNames("time limit", limits, TIME_LIMITS);
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined || (Number.isFinite(value) && Number(value) >= 0)) continue;
    throw invalidParameter(`The time limit "${name}" must be milliseconds, 0 or more; it is ${shown(value)}.`);
  }
}

/** Throws a `ProviderError` of kind `invalid-request` for the first name that is not known and has a value. `what`: what they name. */
export function checkNames(what: string, given: object, known: object): void {
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && !Object.hasOwn(known, name)) throw unknownName(what, name, Object.keys(known));
  }
}

function unknownName(what: string, name: string, known: readonly string[]): ProviderError {
  const near = nearestName(name, known);
  const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
  return invalidParameter(`There is no ${what} "${name.slice(0, 100)}".${hint} Known are ${known.join(", ")}.`);
}

function isToolField(name: string): name is keyof typeof toolFields {
  return Object.hasOwn(toolFields, name);
}

function isParameter(name: string): name is keyof typeof checks {
  return Object.hasOwn(checks, name);
}

function invalidParameter(message: string): ProviderError {
  return invalidRequest("invalid-parameter", message);
}

function shown(value: unknown): string {
  if (isObject(value) && !isJson(value)) return "an object";
  const json = typeof value === "number" || !isJson(value) ? String(value) : JSON.stringify(value);
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
}
