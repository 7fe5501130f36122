// What the command line can be asked, and what it says when it is asked wrongly. Every command's options stand here once:
// the parser and the help are made of the same rows.

import { parseArgs } from "node:util";
import { nearestName } from "../nearest-name.ts";

/** Wrong usage: told with a pointer to the help, exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What ends a command with status 1: its message is for people and says all of it. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

export interface OptionRow {
  readonly name: string;
  /** What stands for the value in the help; absent for a switch. */
  readonly value?: string;
  readonly many?: boolean;
  readonly help: string;
}

export interface CommandRow {
  readonly name: string;
  /** What follows the options. */
  readonly operands: string;
  readonly summary: string;
  readonly details: readonly string[];
  readonly options: readonly OptionRow[];
  readonly examples: readonly string[];
}

export interface ParsedArguments {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
}

/** Throws `UsageError`. */
export function parseCommand(command: CommandRow, args: readonly string[]): ParsedArguments {
  const options: Record<string, { type: "string" | "boolean"; multiple: boolean; short?: string }> = {};
  for (const { name, value, many } of command.options) {
    options[name] = { type: value === undefined ? "boolean" : "string", multiple: many === true };
  }
  options["help"] = { type: "boolean", multiple: false, short: "h" };
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  const flags = new Set<string>();
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const row = command.options.find(({ name }) => name === token.name);
    if (row === undefined && token.name !== "help") throw unknownOption(command, token.rawName);
    if (row?.value === undefined) {
      if (token.value !== undefined) throw new UsageError(`The option --${token.name} takes no value.`);
      flags.add(token.name);
    } else values.set(row.name, [...(values.get(row.name) ?? []), valueOf(row, token, values)]);
  }
  return { flags, values, operands };
}

interface GivenValue {
  readonly value?: string | undefined;
  /** Written as `--name=value`. */
  readonly inlineValue?: boolean | undefined;
}

function valueOf(row: OptionRow, { value, inlineValue }: GivenValue, values: ReadonlyMap<string, readonly string[]>): string {
  if (value === undefined) throw new UsageError(`The option --${row.name} needs a value: --${row.name} ${row.value}.`);
  if (inlineValue !== true && value.startsWith("-") && value !== "-") {
    throw new UsageError(
      `The option --${row.name} needs a value, and "${value}" looks like an option. If it is meant: --${row.name}=${value}.`,
    );
  }
  if (row.many !== true && values.has(row.name)) throw new UsageError(`The option --${row.name} is given twice.`);
  return value;
}

function unknownOption({ name, options }: CommandRow, given: string): UsageError {
  const near = nearestName(
    given,
    options.map((row) => `--${row.name}`),
  );
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  return new UsageError(`"parley ${name}" has no option ${given}.${hint}`);
}

export function single({ values }: ParsedArguments, name: string): string | undefined {
  return values.get(name)?.[0];
}

/** Undefined where it was not given. Throws `UsageError` for what is no such number. */
export function numberOption(parsed: ParsedArguments, name: string, least: number, most: number, whole: boolean): number | undefined {
  const text = single(parsed, name);
  if (text === undefined) return undefined;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= least && value <= most && (!whole || Number.isSafeInteger(value))) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `, ${least} or more` : ` from ${least} to ${most}`;
  throw new UsageError(`The option --${name} needs a ${whole ? "whole " : ""}number${range}; it is "${text}".`);
}
