// Checks of what comes from outside, put together from small ones. Each names the field that does not fit and says what it must
// be. What they let through has the type they stand for; fields that nobody asked for are passed over.

import { Failure } from "./failure.ts";

/** Throws a `Failure` with code `invalid-params`. `path` is how the field is called in its words; empty for the whole. */
export type Check<T> = (value: unknown, path: string) => asserts value is T;

interface Optional<T> {
  readonly optional: Check<T>;
}

/** One check for each field, `optional` for those that may be absent. */
type Fields<T> = { readonly [K in keyof T]-?: object extends Pick<T, K> ? Optional<Exclude<T[K], undefined>> : Check<T[K]> };

export function refuse(path: string, must: string): never {
  throw new Failure("invalid-params", path === "" ? `The parameters must be ${must}.` : `\`${path}\` must be ${must}.`);
}

/** Characters. What is longer than any sensible value is refused before anything is made of it. */
export function text(most: number, least = 0): Check<string> {
  return (value, path) => {
    if (typeof value !== "string") refuse(path, "a text");
    if (value.length < least) refuse(path, "a text that is not empty");
    if (value.length > most) refuse(path, `a text of at most ${most} characters`);
  };
}

export const flag: Check<boolean> = (value, path) => {
  if (typeof value !== "boolean") refuse(path, "true or false");
};

export function integer(least: number, most = Number.MAX_SAFE_INTEGER): Check<number> {
  return (value, path) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least || value > most) {
      refuse(path, most === Number.MAX_SAFE_INTEGER ? `a whole number, ${least} or more` : `a whole number from ${least} to ${most}`);
    }
  };
}

export function between(least: number, most: number): Check<number> {
  return (value, path) => {
    if (typeof value !== "number" || !(value >= least && value <= most)) refuse(path, `a number from ${least} to ${most}`);
  };
}

export function oneOf<T extends string>(...values: readonly T[]): Check<T> {
  return (value, path) => {
    if (!values.some((one) => one === value)) refuse(path, `one of ${values.map((one) => `"${one}"`).join(", ")}`);
  };
}

export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value, path) => {
    if (value !== null) check(value, path);
  };
}

export function optional<T>(check: Check<T>): Optional<T> {
  return { optional: check };
}

export function list<T>(check: Check<T>, most: number, least = 0): Check<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) refuse(path, "a list");
    if (value.length < least || value.length > most) refuse(path, `a list of ${least} to ${most} entries`);
    for (const [index, one] of value.entries()) check(one, `${path}[${index}]`);
  };
}

/** An object whose names are data. */
export function record<T>(check: Check<T>, most: number): Check<{ readonly [name: string]: T }> {
  return (value, path) => {
    if (!isObject(value)) refuse(path, "an object");
    const entries = Object.entries(value);
    if (entries.length > most) refuse(path, `an object of at most ${most} entries`);
    for (const [name, one] of entries) check(one, within(path, name.slice(0, 100)));
  };
}

export function object<T extends object>(fields: Fields<T>): Check<T> {
  const checks = Object.entries<Check<unknown> | Optional<unknown>>(fields);
  return (value, path) => {
    if (!isObject(value)) refuse(path, "an object");
    for (const [name, check] of checks) {
      const field: unknown = Object.hasOwn(value, name) ? value[name] : undefined;
      if (typeof check === "function") run(check, field, within(path, name));
      else if (field !== undefined) run(check.optional, field, within(path, name));
    }
  };
}

/** A union told apart by its `type`. */
export function variants<T extends { readonly type: string }>(kinds: {
  readonly [Type in T["type"]]: Check<Extract<T, { readonly type: Type }>>;
}): Check<T> {
  const checks = new Map(Object.entries<Check<unknown>>(kinds));
  return (value, path) => {
    if (!isObject(value)) refuse(path, "an object");
    const check = checks.get(String(value["type"]));
    if (check === undefined) refuse(within(path, "type"), `one of ${Array.from(checks.keys(), (kind) => `"${kind}"`).join(", ")}`);
    else run(check, value, path);
  };
}

/** TypeScript lets an assertion be called only by a name of declared type. */
function run(check: Check<unknown>, value: unknown, path: string): void {
  check(value, path);
}

function within(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
