// Where the marks for Anthropic's cache stand in a request to Anthropic itself.

import type { JsonObject, JsonValue } from "../../types.ts";
import { asBlocks, markLast, markMessages, marksIn, MOST_MARKS, takeMark } from "../cache-marks.ts";
import { asList } from "../json-fields.ts";
import type { OneOff } from "../provider.ts";

/** The body with its marks. Where the caller has put marks into tools or system by hand, these stay as they are. */
export function withCacheMarks(body: JsonObject, oneOff: OneOff | undefined): JsonObject {
  const { mark, rest } = takeMark(body);
  if (mark === undefined) return rest;
  const system = asBlocks(rest["system"]);
  const tools = asList(rest["tools"]);
  let room = Math.max(0, MOST_MARKS - marksIn(tools) - marksIn(system));
  const marked: Record<string, JsonValue | undefined> = { ...rest };
  for (const [field, blocks] of [
    ["tools", tools],
    ["system", system],
  ] as const) {
    if (blocks === undefined || marksIn(blocks) > 0 || room === 0) continue;
    const withMark = field === "tools" ? markLast(blocks, mark, () => true) : markLast(blocks, mark);
    if (withMark === undefined) continue;
    marked[field] = withMark;
    room -= 1;
  }
  return { ...marked, messages: markMessages(asList(rest["messages"]) ?? [], mark, room, oneOff) };
}
