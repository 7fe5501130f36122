// Tools that run at Anthropic's, and their results: blocks of the answer, which go back with it
// (https://platform.claude.com/docs/en/agents-and-tools/tool-use/server-tools). A request is refused in which a use lacks its
// result, or a result its use, unless the use still waits: that of an answer which is given back to be gone on with, as a pause
// asks for, and that of one which called the caller's tools as well, whose results are all that follows.

import type { JsonObject, OpaquePart } from "../../types.ts";
import { opaqueData } from "../conversation.ts";
import { asObject, asText } from "../json-fields.ts";

export const ANTHROPIC_WIRE = "anthropic";

export interface BlockTurn {
  readonly role: "user" | "assistant" | "tool";
  readonly content: readonly JsonObject[];
}

/** The block that came as it stands there; undefined in a part of another wire. */
export function keptBlock(part: OpaquePart): JsonObject | undefined {
  return asObject(opaqueData(part, ANTHROPIC_WIRE)?.["block"]);
}

/** Also without a word, an answer that used such a tool has done something. */
export function usesServerTool(part: OpaquePart): boolean {
  const block = keptBlock(part);
  return block !== undefined && (usedId(block) !== undefined || answeredId(block) !== undefined);
}

/** The turns without the uses and results that would be refused, and without the answers that this leaves nothing of. */
export function withPairedServerTools(turns: readonly BlockTurn[]): readonly BlockTurn[] {
  const used = new Set<string>();
  const answered = new Set<string>();
  for (const block of turns.flatMap(({ content }) => content)) {
    const [use, result] = [usedId(block), answeredId(block)];
    if (use !== undefined) used.add(use);
    // A result in front of its use is none of it. It may stand in a later answer.
    if (result !== undefined && used.has(result)) answered.add(result);
  }
  const waiting = turns.at(turns.at(-1)?.role === "tool" ? -2 : -1);
  return turns.flatMap((turn) => {
    if (turn.role !== "assistant") return [turn];
    const content = turn.content.filter((block) => {
      const use = usedId(block);
      const result = answeredId(block);
      return (use === undefined || answered.has(use) || turn === waiting) && (result === undefined || answered.has(result));
    });
    // A thought may have led to a use that is gone, and no answer may end with one.
    while (isThought(content.at(-1))) content.pop();
    return content.length === 0 ? [] : [{ ...turn, content }];
  });
}

/** `server_tool_use`, and `mcp_tool_use` of a connector. */
function usedId(block: JsonObject): string | undefined {
  return asText(block["type"])?.endsWith("_tool_use") === true ? asText(block["id"]) : undefined;
}

/** `web_search_tool_result` and its like: each tool has its own. */
function answeredId(block: JsonObject): string | undefined {
  return asText(block["type"])?.endsWith("_tool_result") === true ? asText(block["tool_use_id"]) : undefined;
}

export function isThought(block: JsonObject | undefined): boolean {
  return block?.["type"] === "thinking" || block?.["type"] === "redacted_thinking";
}
