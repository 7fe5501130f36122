// Fields that a tool's definition can have beside its name, its description and its schema. Each wire takes some of them, as they stand;
// the others are left out with a warning.

import type { JsonObject, ToolDefinition } from "../types.ts";
import type { ErrorPayload } from "./error-payload.ts";
import { asList, asObject } from "./json-fields.ts";
import { isAboutValue, leftOut, saysRefused } from "./refusal.ts";
import type { WireTarget, WireWarning } from "./wire-adapter.ts";

export type ToolExtra = Exclude<keyof ToolDefinition, "name" | "description" | "parameters">;

const EXTRAS: readonly ToolExtra[] = ["strict", "cache_control", "input_examples"];

/** Those of the wire's that this model has not refused. */
export function takenExtras(extras: readonly ToolExtra[], { learned }: WireTarget): readonly ToolExtra[] {
  return extras.filter((extra) => !learned.has(lessonOf(extra)));
}

export function toolExtras(tool: ToolDefinition, taken: readonly ToolExtra[]): JsonObject {
  return Object.fromEntries(taken.flatMap((extra) => (tool[extra] === undefined ? [] : [[extra, tool[extra]]])));
}

/** `who`: takes no others than `taken`. One warning for each field, however many tools have it. */
export function warnOfToolExtras(
  who: string,
  tools: readonly ToolDefinition[] | undefined,
  taken: readonly ToolExtra[],
  warnings: { push(warning: WireWarning): unknown },
): void {
  if (tools === undefined) return;
  for (const extra of EXTRAS) {
    if (taken.includes(extra) || !tools.some((tool) => tool[extra] !== undefined)) continue;
    warnings.push(leftOut("tools", `${who} takes no "${extra}" with a tool; it was asked without it.`));
  }
}

/** The lesson of a refusal of one of them: servers that copied a wire need not have all that its maker added to it. */
export function learnToolExtra({ message }: ErrorPayload, body: JsonObject): string | undefined {
  const sent = (asList(body["tools"]) ?? []).flatMap((tool) => [asObject(tool), asObject(asObject(tool)?.["function"])]);
  const refused = EXTRAS.find(
    (extra) => new RegExp(`\\b${extra}\\b`, "u").test(message) && sent.some((tool) => tool?.[extra] !== undefined),
  );
  return refused === undefined || !saysRefused(message) || isAboutValue(message) ? undefined : lessonOf(refused);
}

function lessonOf(extra: ToolExtra): string {
  return `tools.${extra}`;
}
