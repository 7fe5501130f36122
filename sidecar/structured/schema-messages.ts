// What is said between the process and the thread that checks answers. The thread says `ready` first, and answers each request
// in turn.

export interface CheckRequest {
  /** JSON Schema, as JSON. */
  readonly schema: string;
  /** Of a whole answer. Absent: only whether the schema is one is asked. */
  readonly text?: string;
}

export type Judgement =
  /** The JSON that fits, without what stood around it. */
  | { readonly type: "fits"; readonly json: string }
  /** In words for a model and for people; at least one. */
  | { readonly type: "wrong"; readonly problems: readonly string[] }
  /** The schema is none that can be used: why. */
  | { readonly type: "no-schema"; readonly reason: string }
  | { readonly type: "usable" };

export type ThreadMessage = "ready" | Judgement;

/** Bytes that both share: the length of a pattern that is being matched, 0 between two, and its beginning in UTF-8. */
export const PATTERN_BYTES = 256;
