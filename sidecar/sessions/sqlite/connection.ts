// One connection to the database: statements prepared once and kept, texts that come out as they were put in, and transactions
// that hold what all of them must.

import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { Failure } from "../../failure.ts";
import { fromColumn, toColumn } from "./column-text.ts";
import { checkVersion, versionOf } from "./schema.ts";

export type Row = Record<string, SQLOutputValue>;
type Statement = ReturnType<DatabaseSync["prepare"]>;

interface Writing {
  /** Why nothing can be written. */
  readonly refusal?: Failure;
  /** Throws before a commit that must not be acknowledged. */
  readonly check?: () => void;
}

export class Connection {
  readonly #database: DatabaseSync;
  readonly #refusal: Failure | undefined;
  readonly #check: () => void;
  /** There are some fifty. */
  readonly #statements = new Map<string, Statement>();

  /** Takes an open database of the current schema, and closes it in the end. */
  constructor(database: DatabaseSync, { refusal, check = () => {} }: Writing = {}) {
    this.#database = database;
    this.#refusal = refusal;
    this.#check = check;
  }

  get isReadOnly(): boolean {
    return this.#refusal !== undefined;
  }

  all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#statement(sql)
      .all(...values.map(bound))
      .map(read);
  }

  get(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    const row = this.#statement(sql).get(...values.map(bound));
    return row === undefined ? undefined : read(row);
  }

  /** How many rows changed. */
  run(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values.map(bound)).changes);
  }

  /** Outside of transactions: what cannot be prepared once. */
  execute(sql: string): void {
    this.#database.exec(sql);
  }

  /**
   * `IMMEDIATE`, since a transaction that begins by reading cannot wait for another window's writing. Throws before anything is
   * written where another window has meanwhile brought the database to a newer schema.
   */
  transaction<T>(work: () => T): T {
    if (this.#refusal !== undefined) throw this.#refusal;
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      checkVersion(versionOf(this.#database));
      const result = work();
      this.#check();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      // SQLite has rolled back by itself where the disk was full or broken.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #statement(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const prepared = this.#database.prepare(sql);
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

function bound(value: SQLInputValue): SQLInputValue {
  return typeof value === "string" ? toColumn(value) : value;
}

function read(row: Row): Row {
  for (const column in row) {
    const value = row[column];
    if (typeof value === "string") row[column] = fromColumn(value);
  }
  return row;
}
