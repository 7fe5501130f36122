// What the processes of this machine tell each other about endpoints: until when nothing is to be sent there, and how many
// requests at once it bears. Kept in the store that the windows share; looked at again when requests are made, never waited for.

import { createHash } from "node:crypto";

/** What one process has learned of an endpoint. The store's `EndpointLimit` is the same. */
export interface LearnedLimit {
  /** See `endpointName`. */
  readonly endpoint: string;
  /** Unix time in milliseconds before which nothing is to be sent there. */
  readonly until?: number;
  /** Requests at once that it bears. */
  readonly size?: number;
  /** Unix time in milliseconds. */
  readonly learnedAt: number;
}

/** The part of the store that this needs. */
export interface LimitStore {
  rememberLimit(limit: LearnedLimit): Promise<void>;
  knownLimits(): Promise<readonly LearnedLimit[]>;
}

/** Milliseconds between two looks: so long another window's refusal may go unheard. */
const LOOK_MS = 1000;
/** Milliseconds for which a size is worth hearing of: what an endpoint bears changes with its load. */
const SIZE_HOLDS_MS = 60 * 60_000;

/**
 * A name for an endpoint that tells nothing of the key: 48 bits of a hash of origin and key, enough to tell a person's endpoints
 * apart and far too few to find a key by.
 */
export function endpointName(identity: readonly (string | undefined)[]): string {
  return createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 12);
}

export class SharedLimits {
  readonly #store: LimitStore;
  readonly #heard: (limit: LearnedLimit) => void;
  /** The newest of each endpoint, whoever has learned it. */
  readonly #known = new Map<string, LearnedLimit>();
  #lookedAt = -Infinity;
  #looking: Promise<void> | undefined;

  /** `heard` is called with each limit that another process has learned since the last look. */
  constructor(store: LimitStore, heard: (limit: LearnedLimit) => void) {
    this.#store = store;
    this.#heard = heard;
  }

  /** The newest that is known of an endpoint, without what no longer holds. */
  of(endpoint: string): Pick<LearnedLimit, "until" | "size"> {
    const limit = this.#known.get(endpoint);
    return limit === undefined ? {} : holding(limit, Date.now());
  }

  /** Looks, unless it did a moment ago. Never rejects: where the store cannot be read, each process learns for itself. */
  look(): Promise<void> {
    if (this.#looking !== undefined) return this.#looking;
    if (performance.now() - this.#lookedAt < LOOK_MS) return Promise.resolve();
    this.#looking = this.#lookOnce().finally(() => {
      this.#lookedAt = performance.now();
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Learned here. What is left out stays as it was. */
  tell(endpoint: string, learned: { readonly waitMs?: number; readonly size?: number }): void {
    const now = Date.now();
    const before = this.of(endpoint);
    const until = learned.waitMs === undefined ? before.until : Math.max(before.until ?? 0, now + learned.waitMs);
    const size = learned.size ?? before.size;
    const limit: LearnedLimit = { endpoint, learnedAt: now, ...(until !== undefined && { until }), ...(size !== undefined && { size }) };
    this.#known.set(endpoint, limit);
    void this.#store.rememberLimit(limit).catch(() => {});
  }

  async #lookOnce(): Promise<void> {
    const limits = await this.#store.knownLimits().catch(() => []);
    for (const limit of limits) {
      const known = this.#known.get(limit.endpoint);
      if (known !== undefined && known.learnedAt >= limit.learnedAt) continue;
      this.#known.set(limit.endpoint, limit);
      this.#heard(limit);
    }
  }
}

function holding({ until, size, learnedAt }: LearnedLimit, now: number): Pick<LearnedLimit, "until" | "size"> {
  return {
    ...(until !== undefined && until > now && { until }),
    ...(size !== undefined && now - learnedAt < SIZE_HOLDS_MS && { size }),
  };
}
