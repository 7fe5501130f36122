// Single values out of a settings file, which can hold anything. What does not fit is undefined, and told.

/** `setting` is the path of the wrong value, such as `parley.providers.openai.baseUrl`. */
export type Complain = (setting: string, problem: string) => void;

export function readString(value: unknown, at: string, complain: Complain): string | undefined {
  if (value === undefined || value === "") return undefined;
  if (typeof value === "string") return value.trim();
  complain(at, "it must be a text");
  return undefined;
}

/** A whole number. */
export function readInteger(value: unknown, min: number, max: number, at: string, complain: Complain): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  complain(at, `it must be a whole number from ${min} to ${max}`);
  return undefined;
}

/** Never undefined: what is no object counts as an empty one. */
export function asRecord(value: unknown, at: string, complain: Complain): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (isRecord(value)) return value;
  complain(at, "it must be an object");
  return {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Any number that is not negative. */
export function readAmount(value: unknown, at: string, complain: Complain): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && value >= 0 && value <= 1_000_000) return value;
  complain(at, "it must be a number from 0 to 1000000");
  return undefined;
}

export function readFlag(value: unknown, at: string, complain: Complain): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean") return value;
  complain(at, "it must be true or false");
  return undefined;
}

/** The texts of a list, without those that are empty. An entry that is none is named by its place, and costs itself alone. */
export function readTexts(value: unknown, at: string, [ofList, ofEntry]: readonly [string, string], complain: Complain): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    complain(at, ofList);
    return [];
  }
  const entries: readonly unknown[] = value;
  return entries.flatMap((entry, index) => {
    if (typeof entry === "string") return entry.trim() === "" ? [] : [entry];
    complain(`${at}[${index}]`, ofEntry);
    return [];
  });
}
