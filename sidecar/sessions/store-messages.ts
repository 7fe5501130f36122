// What the store and its worker thread say to each other.

import type { FailureCode } from "../failure.ts";
import type { SessionDatabase } from "./database.ts";
import type { Owner } from "./owner.ts";

/** What `open` takes. */
export interface StoreFolder {
  readonly folder: string;
  readonly owner: Owner;
}

/** `open` first, then the methods of the database, each with its one argument; `close` at any time. */
export type StoreCall =
  | { readonly method: "open"; readonly argument: StoreFolder }
  | { readonly method: keyof SessionDatabase; readonly argument: unknown };

export type StoreRequest = StoreCall & { readonly id: number };

export interface StoreReply {
  readonly id: number;
  readonly result?: unknown;
  readonly failure?: { readonly code: FailureCode; readonly message: string };
}
