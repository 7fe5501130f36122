// A process that is a sidecar: serves its one client until the client, the parent or a signal ends it.

import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "./log.ts";
import { productVersion } from "./product-version.ts";
import { serve, type ServicesRequest, type Transport } from "./server.ts";
import type { Services } from "./server/services.ts";
import type { SqliteStore } from "./sessions/sqlite-store.ts";
import { createSidecarServices } from "./sidecar-services.ts";

/**
 * Milliseconds that the store has to close once everything else is given back. Whoever waits for the process waits two seconds
 * from the end of the pipe.
 */
const storeMs = 200;

/** Resolves when all is given back; what is left of the process then is to exit. `database`: started, and not opened. */
export async function runSidecar(transport: Transport, log: Log, database: SqliteStore): Promise<void> {
  const createServices = (request: ServicesRequest): Promise<Services> => createSidecarServices(request, database);
  const server = serve(transport, { version: productVersion(), log, createServices });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void server.end(`it got ${signal}`));
  await server.ended;
  // Where no handshake came, nobody else has.
  const closed = database.close().then(() => true);
  if (await (database.wasOpened ? Promise.race([closed, delay(storeMs, false, { ref: false })]) : closed)) return;
  // An exit would wait for the thread, and the thread waits for a disk or for another window. A transaction that was not
  // committed is rolled back by whoever opens the database next.
  log.warn("The store did not close in time; the process ends without it.");
  process.kill(process.pid, "SIGKILL");
}
