// What the store and its worker thread say to each other.

import type { FailureCode } from "../failure.ts";
import type { SessionDatabase } from "./database.ts";
import type { Owner } from "./owner.ts";

export interface StoreWorkerData {
  readonly folder: string;
  readonly owner: Owner;
}

/** `open` first, then the methods of the database, each with its one argument. */
export type StoreMethod = "open" | keyof SessionDatabase;

export interface StoreRequest {
  readonly id: number;
  readonly method: StoreMethod;
  readonly argument?: unknown;
}

export interface StoreReply {
  readonly id: number;
  readonly result?: unknown;
  readonly failure?: { readonly code: FailureCode; readonly message: string };
}
