// Conversations as files: exported and imported. The files are written and read here, where the conversations are, so that a large
// one need not travel over the pipe.

import { isAbsolute } from "node:path";
import { Failure } from "../failure.ts";
import { ExportSession, ImportSession } from "../protocol.ts";
import type * as ArchiveFile from "../sessions/archive/archive-file.ts";
import type { Router } from "./router.ts";
import { params } from "./shapes.ts";

export function addArchiveHandlers(router: Router): void {
  router.on(ExportSession, params.exportSession, async ({ services }, { session, path, format }, signal) => {
    checkPath(path);
    const { exportToFile } = await archiveFile();
    return exportToFile(services.store, session, path, { signal, ...(format !== undefined && { format }) });
  });

  router.on(ImportSession, params.importSession, async ({ services, sessionChanged }, { path }, signal) => {
    checkPath(path);
    const { importFromFile } = await archiveFile();
    const { session, notes } = await importFromFile(services.store, path, signal);
    sessionChanged(session);
    return { session, notes };
  });
}

/** Loaded when it is first needed. */
function archiveFile(): Promise<typeof ArchiveFile> {
  return import("../sessions/archive/archive-file.ts");
}

/** The sidecar's own folder means nothing to a client. */
function checkPath(path: string): void {
  if (!isAbsolute(path)) throw new Failure("invalid-params", "`path` must be an absolute path.");
}
