// What providers write into a body that tells of an error, whatever its shape: with an error status, in the middle of a
// stream, or as a page of HTML from something in between.

import { asList, asObject, asText, parseJson } from "./json-fields.ts";
import { durationMs } from "../http/retry-after.ts";
import type { JsonObject, JsonValue } from "../types.ts";

export interface ErrorPayload {
  /** The provider's own words; empty where it gave none. */
  readonly message: string;
  /** The provider's own code, else its type: `insufficient_quota`, `overloaded_error`. As written. */
  readonly code?: string;
  readonly type?: string;
  /** The field of the request that was refused. */
  readonly parameter?: string;
  /** An HTTP status told inside the payload. */
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly requestId?: string;
}

const MESSAGE_LENGTH = 2000;

/** `text` is a whole body. */
export function readErrorBody(text: string): ErrorPayload {
  const json = parseJson(text);
  return json === undefined ? { message: plainWords(text) } : readErrorJson(json);
}

/** What binary data and text of another encoding are full of. */
const NO_WORDS = /[^\P{Cc}\s]|\uFFFD/u;

/** The same for what stands in the place of an answer, unless it is none but the beginning of one, or nothing that anybody wrote. */
export function readWordsInPlace(text: string): ErrorPayload | undefined {
  if (NO_WORDS.test(text) || (/^\s*[[{]/u.test(text) && parseJson(text) === undefined)) return undefined;
  const payload = readErrorBody(text);
  return payload.message === "" ? undefined : payload;
}

export function readErrorJson(json: JsonValue): ErrorPayload {
  // Gemini puts its error into a list of one.
  const body = asObject(json) ?? asObject(asList(json)?.[0]);
  if (body === undefined) return { message: typeof json === "string" ? plainWords(json) : "" };
  const inner = asObject(body["error"]) ?? asObject(asObject(body["detail"])?.["error"]) ?? tencentError(body);
  if (inner !== undefined) {
    const outer = requestIdOf(body) ?? asText(asObject(body["Response"])?.["RequestId"]);
    return { ...errorFields(inner), ...(outer === undefined ? {} : { requestId: outer }) };
  }
  const outcome = outcomeFields(body) ?? asText(asObject(body["x_groq"])?.["error"]);
  if (outcome !== undefined) return typeof outcome === "string" ? { message: plainWords(outcome) } : outcome;
  const fields = errorFields(body);
  // Cloudflare has a list of them: `{"errors": [{"code": 7009, "message": "words"}]}`.
  const listed = asObject(asList(body["errors"])?.[0]);
  if (fields.message === "" && listed !== undefined) return { ...fields, ...errorFields(listed) };
  const error = asText(body["error"]) ?? errorInName(body) ?? wordsOfList(body["error"]) ?? wordsOfList(body["errors"]);
  if (error === undefined) return fields;
  // Ollama writes what its runner has told as a text: `{"error": "{\"error\": {…}}"}`.
  const told = asObject(parseJson(error));
  if (told !== undefined) return readErrorJson(told);
  // `{"error": "words"}` (Ollama), or `{"error": "A NAME", "message": "words"}` (Scaleway).
  return fields.message === "" ? { ...fields, message: plainWords(error) } : { ...fields, type: error };
}

/** Hugging Face's list of texts: `{"error": ["words", "more words"]}`. Undefined where there is none in it. */
function wordsOfList(value: JsonValue | undefined): string | undefined {
  const words = (asList(value) ?? []).map((one) => readErrorJson(one).message).filter((one) => one !== "");
  return words.length === 0 ? undefined : words.join("; ");
}

/** What MiniMax's numbers say (https://platform.minimax.io/docs/api-reference/errorcode), in words that others have for it. */
const MINIMAX_TYPES: Readonly<Record<string, string>> = {
  1001: "timeout",
  1002: "rate_limit_error",
  1004: "authentication_error",
  1008: "insufficient_balance",
  1026: "content_filter",
  1027: "content_filter",
  1039: "rate_limit_error",
  1041: "rate_limit_error",
  2013: "invalid_request_error",
  2045: "rate_limit_error",
  2049: "invalid_api_key",
  2056: "insufficient_quota",
};

/** MiniMax's `{"base_resp": {"status_code": 1008, "status_msg": "words"}}`, which comes under status 200. */
function outcomeFields(body: JsonObject): ErrorPayload | undefined {
  const outcome = asObject(body["base_resp"]);
  const code = outcome?.["status_code"];
  if (outcome === undefined || typeof code !== "number" || code === 0) return undefined;
  return { message: plainWords(asText(outcome["status_msg"]) ?? ""), code: String(code), type: MINIMAX_TYPES[code] ?? "server_error" };
}

/** Tencent's `{"Response": {"Error": {"Code", "Message"}, "RequestId"}}`, which comes under status 200. */
export function tencentError(body: JsonObject): JsonObject | undefined {
  return asObject(asObject(body["Response"])?.["Error"]);
}

/** Ollama's `{"error parsing tool call": "words"}` (ollama/ollama#11781): what failed is the name of the only field. */
export function errorInName(body: JsonObject): string | undefined {
  const [[name, words] = ["", null], ...others] = Object.entries(body);
  return others.length === 0 && name.startsWith("error ") && typeof words === "string" ? `${name}: ${words}` : undefined;
}

function errorFields(error: JsonObject): ErrorPayload {
  const metadata = asObject(error["metadata"]);
  const code =
    codeText(error["code"]) ??
    codeText(error["Code"]) ??
    reasonOf(error) ??
    (metadata?.["flagged_input"] === undefined ? undefined : "content_moderation");
  const type =
    asText(error["type"]) ?? asText(error["status"]) ?? asText(error["errorType"]) ?? awsType(error) ?? asText(metadata?.["error_type"]);
  const parameter = asText(error["param"]);
  const status = statusOf(error["code"]) ?? statusOf(error["status"]) ?? statusOf(error["statusCode"]) ?? statusOf(error["status_code"]);
  const retryAfterMs = retryDelayMs(error);
  const requestId = requestIdOf(error);
  return {
    message: messageOf(error),
    ...(code === undefined && type === undefined ? {} : { code: code ?? type ?? "" }),
    ...(type === undefined ? {} : { type }),
    ...(parameter === undefined ? {} : { parameter }),
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** AWS begins it with a capital, its Lambda has one of two words; the last is that of a problem after RFC 9457 which says no more. */
const TEXT_FIELDS: readonly string[] = [
  "message",
  "msg",
  "detail",
  "Message",
  "errorMessage",
  "error_message",
  "error_description",
  "title",
];

/** Words that stand deeper: FastAPI's list under `detail`, or an error of another server under `message`. */
function nestedWords(error: JsonObject): string | undefined {
  const { message, detail } = error;
  if (message === undefined || message === null) return validationWords(detail);
  return wordsOfList(message) ?? (readErrorJson(message).message || JSON.stringify(message));
}

function messageOf(error: JsonObject): string {
  const message = TEXT_FIELDS.map((field) => asText(error[field])).find((text) => text !== undefined) ?? nestedWords(error);
  // OpenRouter says "Provider returned error" and keeps what the provider said beside it.
  const raw = asText(asObject(error["metadata"])?.["raw"]);
  const words = [message, raw === undefined ? undefined : readErrorBody(raw).message].filter((part) => part !== undefined && part !== "");
  return plainWords([...new Set(words)].join(": "));
}

/** FastAPI's list of what did not fit the schema. */
function validationWords(detail: JsonValue | undefined): string | undefined {
  const list = asList(detail);
  if (list === undefined) return undefined;
  const words = list.map((item) => {
    const fault = asObject(item);
    const place = (asList(fault?.["loc"]) ?? []).map((part) => (typeof part === "object" ? "…" : String(part)));
    return faultWords(place, asText(fault?.["msg"]) ?? "");
  });
  return words.join("; ");
}

function faultWords(place: readonly string[], words: string): string {
  return [place.filter((part) => part !== "body").join("."), words].filter((part) => part !== "").join(": ");
}

/** `'loc': ('body', 'seed'), 'msg': "Extra inputs …"` */
const FAULT_IN_PYTHON = /'loc': \((?<place>[^()]{0,500})\), 'msg': (?<quote>['"])(?<words>.{0,1000}?)\k<quote>[,}]/gu;

/**
 * The same list as Python writes it, in vLLM's words. Behind each fault stands what was sent, the whole prompt perhaps
 * (vllm-project/vllm#10015), which must not be taken for the server's words. Undefined for a text of another kind.
 */
function wordsInPython(text: string): string | undefined {
  if (!/^(\d+ validation errors?:\s+|\[)\{'type': '/u.test(text)) return undefined;
  const faults = [...text.matchAll(FAULT_IN_PYTHON)].map(({ groups }) => {
    const place = (groups?.["place"] ?? "").split(",").map((part) => part.replaceAll(/^\s*'|'$|\s/gu, ""));
    return faultWords(
      place.filter((part) => part !== ""),
      groups?.["words"] ?? "",
    );
  });
  return faults.length === 0 ? undefined : faults.join("; ");
}

/** google.rpc.ErrorInfo, as Gemini sends it: `{"details": [{"reason": "API_KEY_INVALID"}]}`. */
function reasonOf(error: JsonObject): string | undefined {
  for (const detail of asList(error["details"]) ?? []) {
    const reason = asText(asObject(detail)?.["reason"]);
    if (reason !== undefined && reason !== "") return reason;
  }
  return undefined;
}

/** The services of AWS name their errors so, some behind the name of the service: `com.amazon.coral.service#ThrottlingException`. */
function awsType(error: JsonObject): string | undefined {
  return asText(error["__type"])?.replace(/^.*#/u, "");
}

/** A number in `code` is a status, unless a provider numbers its own codes. */
function codeText(code: JsonValue | undefined): string | undefined {
  if (typeof code === "string") return code === "" ? undefined : code;
  return typeof code === "number" && statusOf(code) === undefined ? String(code) : undefined;
}

function statusOf(value: JsonValue | undefined): number | undefined {
  const number = typeof value === "string" && /^\d{3}$/u.test(value) ? Number(value) : value;
  return typeof number === "number" && number >= 400 && number < 600 ? number : undefined;
}

/** google.rpc.RetryInfo, as Gemini sends it: `{"details": [{"retryDelay": "34s"}]}`. */
function retryDelayMs(error: JsonObject): number | undefined {
  for (const detail of asList(error["details"]) ?? []) {
    const delay = asText(asObject(detail)?.["retryDelay"]);
    if (delay !== undefined) return durationMs(delay);
  }
  return undefined;
}

function requestIdOf(body: JsonObject): string | undefined {
  return asText(body["request_id"]) ?? asText(body["requestId"]);
}

/** One line or a few, without markup, bounded. */
function plainWords(text: string): string {
  // Each pattern stops where the next tag begins: a page of nothing but opened tags is looked at once, too.
  const title = /<title[^<>]*>([^<]*)<\/title>/iu.exec(text)?.[1];
  const words = wordsInPython(text) ?? title ?? (/^\s*<(!doctype|html)/iu.test(text) ? text.replaceAll(/<[^<>]*>/gu, " ") : text);
  const plain = words.replaceAll(/[ \t\r]+/gu, " ").trim();
  return plain.length > MESSAGE_LENGTH ? `${plain.slice(0, MESSAGE_LENGTH)}…` : plain;
}
