// `parley sessions delete`: asks first, since nobody can undo it.

import type { SessionInfo } from "../../types.ts";
import type { ExitStatus } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { parseCommand, UsageError } from "../usage.ts";
import { foundSession, inStore, neededStore, storeFolder } from "./chosen-store.ts";
import { deleteCommand } from "./session-commands.ts";

export async function deleteSessions(terminal: Terminal, args: readonly string[]): Promise<ExitStatus> {
  const parsed = parseCommand(deleteCommand, args);
  if (parsed.operands.length === 0) throw new UsageError("Which conversation is to be deleted? Give its ID.");
  if (!parsed.flags.has("yes") && !terminal.isInteractive) {
    throw new UsageError("Nobody can be asked whether the conversation is to be deleted: give --yes.");
  }
  return inStore<ExitStatus>(await neededStore(storeFolder(parsed, terminal), terminal), async (store) => {
    // All of them before any: one that is wrong deletes none.
    const found = new Map<string, SessionInfo>();
    for (const id of parsed.operands) {
      const session = await foundSession(store, id);
      found.set(session.id, session);
    }
    for (const { id, title } of found.values()) {
      const name = title === "" ? id : `"${title}" (${id})`;
      if (!parsed.flags.has("yes") && !(await terminal.confirm(`Delete ${name} for good?`))) {
        terminal.signal.throwIfAborted();
        terminal.note("it stays.");
        continue;
      }
      await store.deleteSession(id);
    }
    // Closing the store makes it final.
    return 0;
  });
}
