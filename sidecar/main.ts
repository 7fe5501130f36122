// The sidecar's own door: JSON-RPC over file descriptor 3, both ways. Stdout and stderr are logs, so that nothing a library
// prints can damage a message; and on Windows Node writes to them blocking, so that a client which stops reading them would
// stop every stream, timer and cancellation if messages went there.

import { Socket } from "node:net";
import { createLog, trace } from "./log.ts";
import { SqliteStore } from "./sessions/sqlite-store.ts";

const log = createLog(process.stderr);

// A client that is gone reads no logs, and that must not keep what is being written from being written.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

// What is left after a fault is in no known state. Partial answers were written less than a second ago.
process.on("uncaughtException", (error) => {
  log.error(`The sidecar failed: ${trace(error)}`);
  process.exit(1);
});

function openPipe(): Socket {
  try {
    return new Socket({ fd: 3, readable: true, writable: true });
  } catch (error) {
    log.error(`There is no pipe on file descriptor 3 (${String(error)}). By hand, use: parley serve --stdio`);
    return process.exit(2);
  }
}

const pipe = openPipe();
// The database's thread starts beside this one, which meanwhile loads the server.
const database = SqliteStore.start();
const { runSidecar } = await import("./run-sidecar.ts");
await runSidecar(pipe, log, database);
process.exit(0);
