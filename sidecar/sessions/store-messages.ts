// What the store and its worker thread say to each other.

import type { FailureCode } from "../failure.ts";
import type { Owner } from "./owner.ts";
import type { SessionDatabase } from "./sqlite/database.ts";

/** What `open` takes. */
export interface OpenRequest {
  readonly folder: string;
  readonly owner: Owner;
  /** SQLite's name of another way to reach files than the system's own. */
  readonly vfs?: string;
  /** Where the database cannot be written to it is opened for reading, with a note, instead of refused. */
  readonly mayOnlyRead?: boolean;
}

/** What it gives. */
export interface OpenResult {
  /** The database's file. */
  readonly file: string;
  /** What people are to be told. */
  readonly notes: readonly string[];
  /** A process that had it open before has ended without closing it. */
  readonly wasLeftOpen: boolean;
}

/** Those that take one argument, or none. */
export type DatabaseMethod = Exclude<keyof SessionDatabase, "wasLeftOpen" | "workSome" | "takeNotice">;

/**
 * `open` first, then the methods of the database, each with its one argument. `repair` where damage was found; its result is
 * the notes of opening again. `close` at any time.
 */
export type StoreCall =
  | { readonly method: "open"; readonly argument: OpenRequest }
  | { readonly method: "repair"; readonly argument: undefined }
  | { readonly method: DatabaseMethod; readonly argument: unknown };

export type StoreRequest = StoreCall & { readonly id: number };

export interface StoreReply {
  readonly id: number;
  readonly result?: unknown;
  readonly failure?: { readonly code: FailureCode; readonly message: string };
}

/** Sent unasked: something that people are to be told. */
export interface StoreNotice {
  readonly notice: string;
}
