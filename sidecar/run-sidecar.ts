// A process that is a sidecar: serves its one client until the client, the parent or a signal ends it.

import type { Log } from "./log.ts";
import { productVersion } from "./product-version.ts";
import { serve, type ServicesRequest, type Transport } from "./server.ts";
import type { Services } from "./server/services.ts";
import type { SqliteStore } from "./sessions/sqlite-store.ts";
import { createSidecarServices } from "./sidecar-services.ts";

/**
 * Resolves when all is given back; what is left of the process then is to exit. `database`: a store that was started already
 * and not opened.
 */
export async function runSidecar(transport: Transport, log: Log, database?: SqliteStore): Promise<void> {
  const createServices = (request: ServicesRequest): Promise<Services> => createSidecarServices(request, database);
  const server = serve(transport, { version: productVersion(), log, createServices });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void server.end(`it got ${signal}`));
  await server.ended;
  // Where no handshake came, nobody else has.
  await database?.close();
}
