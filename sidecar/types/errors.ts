// What went wrong, as plain data.

export type ErrorKind =
  | "auth"
  | "permission"
  | "quota"
  | "rate-limit"
  | "overloaded"
  | "context-length"
  | "content-filter"
  | "invalid-request"
  | "model-not-found"
  | "unsupported"
  | "network"
  | "timeout"
  | "protocol"
  | "cancelled"
  | "server";

/** How far the request had come: a retry is safe only before the first token. */
export type ErrorPhase = "before-headers" | "before-first-token" | "mid-stream";

/** A `ProviderError` as plain data. Decide on `kind`, `status` and `providerCode`; `message` is for people alone. */
export interface ErrorInfo {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly phase: ErrorPhase;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  /** HTTP status. */
  readonly status?: number;
  /** The provider's own code, or one of ours: `missing-key`, `missing-base-url`, `inference-crashed`, `file-not-found`, `not-a-model`, … */
  readonly providerCode?: string;
  readonly requestId?: string;
  readonly provider?: string;
  readonly model?: string;
  /** Of `schema-mismatch`: the text that came last, which is no part of the answer; at most 16,384 UTF-16 units of it. */
  readonly rejectedText?: string;
}
