// What the store of a workbench holds, as it lies on the disk.

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { until } from "./until.ts";
import type { Workbench } from "./workbench.ts";

/** Waits until the text is on the disk: what came in the last second before a crash may be lost. */
export async function untilKept(workbench: Workbench, text: string): Promise<void> {
  const file = join(workbench.serverFolder, "data/User/globalStorage/parley.parley/conversations.sqlite");
  const database = new DatabaseSync(file, { readOnly: true, timeout: 20_000 });
  try {
    const found = database.prepare("SELECT 1 FROM messages WHERE message LIKE ?");
    await until(() => found.get(`%${text}%`) !== undefined, `"${text}" in the store`);
  } finally {
    database.close();
  }
}
