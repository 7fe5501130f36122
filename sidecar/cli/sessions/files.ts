// `parley sessions export | import`: conversations as files.

import { resolve } from "node:path";
import type { ArchiveFormat } from "../../sessions/archive/conversation.ts";
import { exportToFile, importFromFile } from "../../sessions/archive/archive-file.ts";
import { exportConversation } from "../../sessions/archive/export-conversation.ts";
import { importConversation, type Imported } from "../../sessions/archive/import-conversation.ts";
import type { SessionStore } from "../../sessions/store.ts";
import type { ExitStatus } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { CommandError, parseCommand, single, UsageError, type ParsedArguments } from "../usage.ts";
import { asCommandError, foundSession, inStore, neededStore, oneId, openedStore, storeFolder } from "./chosen-store.ts";
import { exportCommand, importCommand } from "./session-commands.ts";

export async function exportSession(terminal: Terminal, args: readonly string[]): Promise<ExitStatus> {
  const parsed = parseCommand(exportCommand, args);
  const id = oneId(parsed);
  const format = formatOption(parsed);
  const output = single(parsed, "output");
  return inStore<ExitStatus>(await neededStore(storeFolder(parsed, terminal), terminal, "read"), async (store) => {
    const { signal } = terminal;
    const session = await foundSession(store, id);
    if (output === undefined) {
      for await (const piece of exportConversation(store, session.id, format ?? "markdown", signal)) await terminal.write(piece);
      return 0;
    }
    const { readable } = await exportToFile(store, session.id, resolve(output), { signal, ...(format !== undefined && { format }) });
    if (!readable) terminal.note(`${output} is larger than what "parley sessions import" reads.`);
    return 0;
  });
}

function formatOption(parsed: ParsedArguments): ArchiveFormat | undefined {
  const format = single(parsed, "format");
  if (format === undefined || format === "markdown" || format === "json") return format;
  throw new UsageError(`The option --format takes markdown or json; it is "${format}".`);
}

/** One file that cannot be read does not keep the others out. */
export async function importSessions(terminal: Terminal, args: readonly string[]): Promise<ExitStatus> {
  const parsed = parseCommand(importCommand, args);
  const files = parsed.operands;
  if (files.length === 0) throw new UsageError('Which FILE is to be imported? "-" reads the input.');
  if (files.filter((file) => file === "-").length > 1) throw new UsageError('"-" stands once.');
  let failed = false;
  await inStore(await openedStore(storeFolder(parsed, terminal), terminal), async (store) => {
    for (const file of files) {
      terminal.signal.throwIfAborted();
      try {
        await tell(terminal, file, await asCommandError(() => importOne(store, file, terminal)), parsed.flags.has("json"));
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        failed = true;
        terminal.note(`${file}: ${error.message}`);
      }
    }
  });
  return failed ? 1 : 0;
}

async function importOne(store: SessionStore, file: string, terminal: Terminal): Promise<Imported> {
  return file === "-" ? importConversation(store, await terminal.readInput()) : importFromFile(store, resolve(file), terminal.signal);
}

async function tell(terminal: Terminal, file: string, { session, notes }: Imported, json: boolean): Promise<void> {
  if (json) await terminal.writeJson(session);
  else await terminal.write(`${session.id}\n`);
  for (const note of notes) terminal.note(`${file}: ${note}`);
}
