// Whether a database is sound, as far as SQLite sees it without comparing its indexes with its tables.

import { DatabaseSync } from "node:sqlite";
import { isDamage } from "./store-failure.ts";

export function isSound(file: string): boolean {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  try {
    return database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"] === "ok";
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  } finally {
    database.close();
  }
}
