// A record that stands under status 200 where a piece of an answer should, and tells of an error: in the form of its wire, or in
// one that is its provider's own.

import type { JsonObject, JsonValue } from "../types.ts";
import { errorInName, tencentError } from "./error-payload.ts";
import { asList, asNumber, asObject, asText } from "./json-fields.ts";
import { isSignOfLife } from "./record-json.ts";

/** Others have the field without an error in it. */
export function isTold(error: JsonValue | undefined): boolean {
  return error !== undefined && error !== null && error !== "" && error !== false;
}

/** A record that is a piece of an answer like any other, and brings an error under a name of the provider's own (MiniMax, Groq). */
export function isRefusedInside(record: JsonObject): boolean {
  const outcome = asNumber(asObject(record["base_resp"])?.["status_code"]);
  return (outcome !== undefined && outcome !== 0) || isWritten(asObject(record["x_groq"])?.["error"]);
}

/** For a record that is no piece of an answer: its wire knows none of its fields. */
export function isErrorRecord(record: JsonObject): boolean {
  if (isTold(record["error"]) || isRefusedInside(record) || (isTold(record["detail"]) && !UNDERWAY.test(asText(record["status"]) ?? "")))
    return true;
  if (tencentError(record) !== undefined || errorInName(record) !== undefined) return true;
  // Cloudflare's `{"success": false, "errors": [{"code": 7009, "message": "words"}]}`.
  return (asList(record["errors"]) ?? []).length > 0 || isBareError(record);
}

/** How a request stands that waits to be answered: words beside it are no error's. */
const UNDERWAY = /^(?:ok|queued|pending|waiting|loading|starting|running|processing|in[ _-]progress)$/iu;
/** A type that is an error's, or a link, and none of an event. */
const NO_EVENT = /^$|error|exception|:/iu;

/** The same on a wire where each record says what it is, be it in the name of its event. One that nobody knows yet is passed over. */
export function isUntypedErrorRecord(record: JsonObject, event: string): boolean {
  return NO_EVENT.test(asText(record["type"]) ?? "") && !isSignOfLife(event) && isErrorRecord(record);
}

/** `{"type": "error", "code", "message"}`: the type is that of the event, not of the error. */
export function withoutOwnType(record: JsonObject): JsonObject {
  const { type: _type, ...rest } = record;
  return rest;
}

/** Nothing, a status that is none of an error, SiliconFlow's number for it, or a word. */
const WELL = /^(?:0+|[12]\d\d|20000|ok|success)$/iu;

/** The fields of an error, without an object around them (Cerebras, SiliconFlow, GLM and Alibaba, AWS). */
function isBareError(record: JsonObject): boolean {
  const words = [record["message"], record["msg"], record["errorMessage"]].find((value) => isWritten(value));
  const code = record["code"] ?? record["status_code"] ?? record["errorType"];
  // Others say in these fields that all is well.
  if (words === undefined || WELL.test(asText(code) ?? String(asNumber(code)))) return false;
  if (typeof code === "number" || isWritten(code) || record["success"] === false) return true;
  return (
    /error|exception/iu.test(asText(record["type"]) ?? asText(record["__type"]) ?? "") ||
    (isAlone(record) && FAILURE.test(asText(words) ?? ""))
  );
}

/** Words of AWS's gateway, which has no other field, and its like: nothing else tells them from a sign of life. */
const FAILURE =
  /error|exception|fail|denied|forbidden|unauthori[sz]ed|unavailable|timed? ?out|too many|exceeded|missing|invalid|not found/iu;
const BESIDE_WORDS: readonly string[] = ["message", "errorMessage", "requestId", "request_id", "connectionId"];

function isAlone(record: JsonObject): boolean {
  return Object.keys(record).every((key) => BESIDE_WORDS.includes(key));
}

function isWritten(value: JsonValue | undefined): boolean {
  return typeof value === "string" && value !== "";
}
