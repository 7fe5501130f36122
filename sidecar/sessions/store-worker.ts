// The worker thread that holds the database, so that no disk and no large query ever stops the sidecar's event loop. Answers
// each request in the order in which it came: `open` first.

import { parentPort } from "node:worker_threads";
import { Failure } from "../failure.ts";
import type { SessionDatabase } from "./database.ts";
import type { StoreFolder, StoreReply, StoreRequest } from "./store-messages.ts";

const port = parentPort;
if (port === null) throw new Error("This file runs as a worker thread only.");

interface Opened {
  readonly database: SessionDatabase;
  readonly failure: (error: unknown) => Failure;
}

/** Imported here, so that a runtime without `node:sqlite` gives an answer instead of a thread that ends. */
async function open({ folder, owner }: StoreFolder): Promise<Opened> {
  const { openDatabase, storageFailure } = await import("./open-database.ts").catch((error: unknown) => {
    throw new Failure("storage", "This Node.js has no SQLite (node:sqlite): conversations are kept in memory only.", error);
  });
  return { database: openDatabase(folder, owner), failure: (error) => storageFailure(error, folder) };
}

let opened: Opened | undefined;

async function run(request: StoreRequest): Promise<unknown> {
  if (request.method === "open") {
    opened = await open(request.argument);
    return undefined;
  }
  if (opened === undefined) {
    if (request.method === "close") return undefined;
    throw new Failure("storage", "The store of conversations is not open.");
  }
  try {
    // The client's types hold method and argument together.
    return Reflect.apply(opened.database[request.method], opened.database, [request.argument]);
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
