// Puts together what the server stands on in a real process: the store in the client's folder, the engine with the client's
// settings and keys, and local inference. What the handshake does not need is loaded when it is first asked for.

import { join } from "node:path";
import type { Engine } from "./engine.ts";
import { Failure } from "./failure.ts";
import { KeyRing } from "./keys.ts";
import { InferenceClient } from "./local/inference-client.ts";
import { createLocalProvider } from "./local/local-provider.ts";
import type { Availability } from "./protocol.ts";
import { createEditorProvider } from "./providers/editor.ts";
import type { ServicesRequest } from "./server.ts";
import type { Services } from "./server/services.ts";
import { MemoryStore } from "./sessions/memory-store.ts";
import type { SqliteStore } from "./sessions/sqlite-store.ts";
import type { SessionStore } from "./sessions/store.ts";
import type { EngineSettings } from "./settings.ts";

/** `database`: a store that was started beforehand and not opened, since its thread takes as long to start as all the rest. */
export async function createSidecarServices(request: ServicesRequest, database: SqliteStore): Promise<Services> {
  const { initialize, client, log } = request;
  const { store, persistence } = await openStore(request, database);
  const keys = new KeyRing();
  const editor = createEditorProvider(client);
  const inference = new InferenceClient({
    log: (line) => log.info(line),
    ...(initialize.storeFolder !== null && { sharedFolder: join(initialize.storeFolder, "loaded-models") }),
  });
  const local = createLocalProvider(inference);
  let settings = initialize.settings;
  let engine: Promise<Engine> | undefined;
  return {
    store,
    persistence,
    localInference: inference.availability(),
    engine: () =>
      (engine ??= loadEngine({ settings, keys, networkEnvironment: process.env, warn: log.warn, limitStore: store, local, editor })),
    updateSettings: (changed: EngineSettings) => {
      settings = changed;
      // An engine that could not be loaded tells it to whoever asks it for something.
      engine?.then((loaded) => loaded.updateSettings(changed)).catch(() => {});
    },
    chatSettings: () => settings.chat ?? {},
    setKey: (provider, origin, key) => keys.set(provider, origin, key),
    close: async () => {
      await Promise.allSettled([engine?.then((loaded) => loaded.close()), inference.close()]);
      await store.close();
    },
  };
}

/** The HTTP client behind it takes most of the time and memory that a sidecar costs before its first answer. */
async function loadEngine(options: ConstructorParameters<typeof Engine>[0]): Promise<Engine> {
  const { Engine } = await import("./engine.ts");
  return new Engine(options);
}

/** Where the store cannot be had, conversations go on in memory, and the client is told why. */
async function openStore(
  { initialize, epoch, log, storeNotice }: ServicesRequest,
  database: SqliteStore,
): Promise<{ readonly store: SessionStore; readonly persistence: Availability }> {
  const folder = initialize.storeFolder;
  const onNotice = (words: string): void => {
    log.warn(words);
    storeNotice(words);
  };
  if (folder === null) {
    await database.close();
    return {
      store: new MemoryStore(),
      persistence: { available: false, reason: "No folder was given: conversations are kept in memory only." },
    };
  }
  try {
    const notes = await database.open(folder, { instance: epoch, pid: process.pid }, { onNotice });
    for (const note of notes) log.warn(note);
    return { store: database, persistence: { available: true, ...(notes.length > 0 && { notes }) } };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    log.warn(error.message);
    return {
      store: new MemoryStore(),
      persistence: { available: false, reason: `${error.message} Conversations are kept in memory only.` },
    };
  }
}
