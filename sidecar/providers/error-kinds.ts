// From a provider's status and code to one of our kinds. The code decides where there is one, then the status; words decide
// only where most providers give nothing else (a prompt that is too long, a model that does not exist).

import type { ErrorKind } from "../types.ts";
import { isRefusedAsFailure, kindOfRefusal, saysContextOverflow, saysNoCredit, saysTooLargeForAnyMinute } from "./error-phrases.ts";
import type { ErrorPayload } from "./error-payload.ts";
import { isLimitAtFault } from "./output-limit.ts";

/** Codes and types as providers write them, in lower case. */
const KIND_OF_CODE: Readonly<Record<string, ErrorKind>> = {
  invalid_api_key: "auth",
  authentication_error: "auth",
  invalid_authentication_error: "auth",
  unauthenticated: "auth",
  unauthorized: "auth",
  account_deactivated: "auth",
  invalid_organization: "auth",
  api_key_invalid: "auth",
  api_key_expired: "auth",
  invalidapikey: "auth",
  permission_error: "permission",
  permission_denied: "permission",
  permissiondenied: "permission",
  model_terms_required: "permission",
  organization_restricted: "permission",
  service_disabled: "permission",
  // Gemini, where its interface is not offered in the caller's country, or wants billing to be set up.
  failed_precondition: "permission",
  unsupported_country_region_territory: "permission",
  insufficient_quota: "quota",
  billing_error: "quota",
  billing_hard_limit_reached: "quota",
  billing_not_active: "quota",
  insufficient_balance: "quota",
  // LiteLLM, where whoever runs it has set a budget.
  budget_exceeded: "quota",
  // Zhipu, with a status of 429: nothing is left.
  "1113": "quota",
  // Alibaba's word for an account that owes.
  arrearage: "quota",
  exceeded_current_quota_error: "quota",
  rate_limit_exceeded: "rate-limit",
  rate_limit_error: "rate-limit",
  rate_limit_reached_error: "rate-limit",
  too_many_requests: "rate-limit",
  // Tencent's.
  requestlimitexceeded: "rate-limit",
  limitexceeded: "rate-limit",
  authfailure: "auth",
  unauthorizedoperation: "permission",
  // AWS's, as its services name them (https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html).
  throttlingexception: "rate-limit",
  unrecognizedclientexception: "auth",
  expiredtokenexception: "auth",
  accessdeniedexception: "permission",
  modelnotreadyexception: "overloaded",
  serviceunavailableexception: "overloaded",
  modeltimeoutexception: "timeout",
  internalserverexception: "server",
  validationexception: "invalid-request",
  service_tier_capacity_exceeded: "rate-limit",
  resource_exhausted: "rate-limit",
  overloaded: "overloaded",
  overloaded_error: "overloaded",
  engine_overloaded_error: "overloaded",
  server_overloaded: "overloaded",
  // Groq, with a status of 498 of its own: the flexible tier is full for the moment.
  capacity_exceeded: "overloaded",
  slow_down: "overloaded",
  nocapacity: "overloaded",
  service_unavailable: "overloaded",
  provider_unavailable: "overloaded",
  unavailable: "overloaded",
  unavailable_error: "overloaded",
  context_length_exceeded: "context-length",
  context_window_exceeded: "context-length",
  exceed_context_size_error: "context-length",
  request_too_large: "context-length",
  model_max_prompt_tokens_exceeded: "context-length",
  tokens_limit_reached: "context-length",
  content_filter: "content-filter",
  content_policy_violation: "content-filter",
  content_moderation: "content-filter",
  data_inspection_failed: "content-filter",
  datainspectionfailed: "content-filter",
  responsibleaipolicyviolation: "content-filter",
  // OpenAI's word for a prompt that was flagged, not for one that is ill-formed.
  invalid_prompt: "content-filter",
  // OpenAI's words in a response that failed (https://platform.openai.com/docs/api-reference/responses/object, `error.code`).
  image_content_policy_violation: "content-filter",
  cyber_policy: "content-filter",
  invalid_image: "invalid-request",
  invalid_image_format: "invalid-request",
  invalid_base64_image: "invalid-request",
  invalid_image_url: "invalid-request",
  invalid_image_mode: "invalid-request",
  image_too_large: "invalid-request",
  image_too_small: "invalid-request",
  image_file_too_large: "invalid-request",
  image_parse_error: "invalid-request",
  unsupported_image_media_type: "invalid-request",
  empty_image_file: "invalid-request",
  failed_to_download_image: "invalid-request",
  image_file_not_found: "invalid-request",
  model_not_found: "model-not-found",
  model_not_found_error: "model-not-found",
  model_not_supported: "model-not-found",
  invalid_model: "model-not-found",
  model_decommissioned: "model-not-found",
  model_deprecated: "model-not-found",
  operationnotsupported: "unsupported",
  not_supported_error: "unsupported",
  notfounderror: "model-not-found",
  deploymentnotfound: "model-not-found",
  timeout: "timeout",
  timeout_error: "timeout",
  request_timeout: "timeout",
  deadline_exceeded: "timeout",
  server_error: "server",
  api_error: "server",
  internal: "server",
  internal_error: "server",
  internal_server_error: "server",
  internalservererror: "server",
  invalid_request_error: "invalid-request",
  invalid_argument: "invalid-request",
  invalidparameter: "invalid-request",
  badrequesterror: "invalid-request",
  unsupported_parameter: "invalid-request",
  unsupported_value: "invalid-request",
  unknown_parameter: "invalid-request",
};

/** `status` is the answer's, or the one that an error inside a stream tells; undefined where there is none. */
export function errorKind(status: number | undefined, payload: ErrorPayload): ErrorKind {
  const byCode = kindOfCode(payload.code) ?? kindOfCode(payload.type);
  // Groq tells the same under 413.
  if (status === 429 && saysTooLargeForAnyMinute(payload.message)) return "context-length";
  if (status === 429) return byCode === "quota" ? "quota" : "rate-limit";
  if (status === 413) return "context-length";
  // Whatever the code: OpenAI has that of a prompt that is too long for it.
  if (isLimitAtFault(payload.message)) return "invalid-request";
  if (byCode !== undefined && byCode !== "invalid-request" && byCode !== "server") return byCode;
  if (saysContextOverflow(payload.message)) return "context-length";
  // Anthropic and xAI have no code for it, and call it an invalid request.
  if (saysNoCredit(payload.message)) return "quota";
  // A 404 is as often a wrong address as a wrong model.
  if (status === 400 || status === 404 || isRefusedAsFailure(status, payload.message)) return kindOfRefusal(payload.message);
  return kindOfStatus(status) ?? byCode ?? "server";
}

/** Another try would be refused like the first, whatever a header or the provider's code says. */
const FINAL_STATUSES: ReadonlySet<number> = new Set([400, 401, 403]);

/** A refusal with this status stands. */
export function isFinalStatus(status: number | undefined): boolean {
  return status !== undefined && FINAL_STATUSES.has(status);
}

/** Asked again later, the same request may succeed. */
export function isRetryable(kind: ErrorKind, status: number | undefined): boolean {
  if (status === 501 || status === 505 || isFinalStatus(status)) return false;
  return kind === "rate-limit" || kind === "overloaded" || kind === "server" || kind === "timeout";
}

/** Tencent's codes say behind a point which one of a kind it is. */
function kindOfCode(code: string | undefined): ErrorKind | undefined {
  const written = code?.toLowerCase() ?? "";
  const known = [written, written.replace(/\..*$/u, "")].find((one) => Object.hasOwn(KIND_OF_CODE, one));
  return known === undefined ? undefined : KIND_OF_CODE[known];
}

function kindOfStatus(status: number | undefined): ErrorKind | undefined {
  if (status === undefined) return undefined;
  if (status === 401) return "auth";
  if (status === 402) return "quota";
  if (status === 403) return "permission";
  if (status === 408 || status === 504) return "timeout";
  if (status === 503 || status === 529) return "overloaded";
  return status >= 500 || status === 409 || status === 425 ? "server" : "invalid-request";
}
