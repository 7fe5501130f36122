// The worker thread that holds the database, so that no disk and no large query ever stops the sidecar's event loop. Started
// with `workerData` (StoreWorkerData); answers each request in the order in which it came, then ends with `close`.

import { parentPort, workerData } from "node:worker_threads";
import { Failure } from "../failure.ts";
import type { SessionDatabase } from "./database.ts";
import type { StoreReply, StoreRequest, StoreWorkerData } from "./store-messages.ts";

const data: StoreWorkerData = workerData;
const { folder, owner } = data;
const port = parentPort;
if (port === null) throw new Error("This file runs as a worker thread only.");

/** Imported here, so that a runtime without `node:sqlite` gives an answer instead of a thread that ends. */
async function open(): Promise<{ readonly database: SessionDatabase; readonly failure: (error: unknown) => Failure }> {
  const { openDatabase, storageFailure } = await import("./open-database.ts").catch((error: unknown) => {
    throw new Failure("storage", "This Node.js has no SQLite (node:sqlite): conversations are kept in memory only.", error);
  });
  return { database: openDatabase(folder, owner), failure: (error) => storageFailure(error, folder) };
}

let opened: Awaited<ReturnType<typeof open>> | undefined;

async function run({ method, argument }: StoreRequest): Promise<unknown> {
  if (method === "open") {
    opened = await open();
    return undefined;
  }
  if (opened === undefined) throw new Failure("storage", "The store of conversations is not open.");
  try {
    // The client's types hold method and argument together.
    return Reflect.apply(opened.database[method], opened.database, [argument]);
  } catch (error) {
    throw opened.failure(error);
  }
}

port.on("message", (request: StoreRequest) => {
  const { id } = request;
  run(request).then(
    (result) => port.postMessage({ id, result } satisfies StoreReply),
    (error: unknown) => port.postMessage({ id, failure: described(error) } satisfies StoreReply),
  );
});

function described(error: unknown): NonNullable<StoreReply["failure"]> {
  if (error instanceof Failure) return { code: error.code, message: error.message };
  return { code: "storage", message: error instanceof Error ? error.message : String(error) };
}
