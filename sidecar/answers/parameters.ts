// Checks what a caller asked for before anything is sent. What is wrong is named; nothing is corrected or dropped in silence.

import type { GenerationParameters, ReasoningEffort, ToolDefinition } from "../types.ts";
import type { ProviderError } from "../providers/provider.ts";
import { invalidRequest } from "./answer-error.ts";

type Check = (value: unknown) => string | undefined;

/** Bounds against slips, not against providers: each of them has narrower rules of its own and refuses by itself. */
const MAX_STOP_SEQUENCES = 64;
const MAX_TOOLS = 1024;
const TOOL_NAME = /^[\w.:-]{1,128}$/u;
const EFFORTS: readonly ReasoningEffort[] = ["off", "low", "medium", "high"];

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);
const text: Check = (value) => (typeof value === "string" ? undefined : "must be a text");
const object: Check = (value) => (isObject(value) ? undefined : "must be an object");
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
  responseSchema: object,
  providerOptions: (value) => {
    const fits = isObject(value) && Object.values(value).every(isObject);
    return fits ? undefined : "must be an object that holds one object for each provider's id";
  },
};

function checkTool(value: unknown): string | undefined {
  if (!isObject(value)) return "must be a list of objects { name, description?, parameters }";
  const { name, description, parameters } = value as Partial<Record<keyof ToolDefinition, unknown>>;
  if (typeof name !== "string" || !TOOL_NAME.test(name)) {
    return `has a tool with the name ${shown(name)}; a name is 1 to 128 letters, digits, underscores, hyphens, dots or colons`;
  }
  if (description !== undefined && typeof description !== "string") return `has a description for "${name}" that is no text`;
  return isObject(parameters) ? undefined : `has no JSON Schema under "parameters" for "${name}"`;
}

/**
 * The parameters alone, checked: entries that are undefined fall away, so that absent and undefined are one.
 * Throws a `ProviderError` of kind `invalid-request` that names the parameter, also for a name that does not exist.
 */
export function checkedParameters(given: object): GenerationParameters {
  const parameters: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!isParameter(name)) {
      throw invalidParameter(`There is no parameter "${name}". The parameters are ${Object.keys(checks).join(", ")}.`);
    }
    const problem = checks[name](value);
    if (problem !== undefined) throw invalidParameter(`The parameter "${name}" ${problem}; it is ${shown(value)}.`);
    parameters[name] = value;
  }
  return parameters;
}

function isParameter(name: string): name is keyof typeof checks {
  return Object.hasOwn(checks, name);
}

function invalidParameter(message: string): ProviderError {
  return invalidRequest("invalid-parameter", message);
}

function shown(value: unknown): string {
  const json = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
}
