// A process in the place of the editor's extension host: it starts the sidecar by the extension's own client, asks a model on a
// server and a local one, and says so on stdout as soon as both are answering. It is there to be killed.

import { writeSync } from "node:fs";
import { StreamReaders } from "../../extension/client/stream-readers.ts";
import { SidecarClient } from "../../extension/sidecar-client.ts";
import { CreateSession, PROTOCOL_VERSION, SendChat } from "../../sidecar/protocol.ts";
import { productVersion } from "../../sidecar/product-version.ts";

const { BUNDLE = "", STORE = "", BASE_URL = "" } = process.env;
const log = (line: string): number => writeSync(2, `${line}\n`);

const client = new SidecarClient({
  executable: process.execPath,
  bundle: BUNDLE,
  environment: { PATH: process.env["PATH"] },
  log: { info: log, warn: log, error: log, sidecar: log },
  initialize: () => ({
    protocolVersion: PROTOCOL_VERSION,
    client: { name: "stand-in", version: productVersion() },
    parentPid: process.pid,
    storeFolder: STORE,
    settings: { providers: { "openai-compatible": { baseUrl: BASE_URL } }, concurrency: 4, localModels: [] },
  }),
});
const readers = new StreamReaders(client);

/** Resolves with the first text of the answer, which goes on. */
async function answering(model: string, text: string): Promise<void> {
  const { session } = await client.request(CreateSession, { model });
  const { assistant } = await client.request(SendChat, { session: session.id, content: [{ type: "text", text }] });
  const { stream } = assistant;
  if (stream === undefined) throw new Error("The answer cannot be read.");
  await new Promise<void>((resolve, reject) => {
    const reader = readers.open(stream, 0, {
      events: (events) => {
        if (events.some(({ type }) => type === "text-delta")) resolve();
        reader.acknowledge(events.at(-1)?.seq ?? 0);
      },
      gone: reject,
    });
  });
}

// The demo model writes without end where a question begins so.
await Promise.all([answering("openai-compatible/fake-model", "Tell me all of it"), answering("local/demo", "^# for ever")]);
writeSync(1, "answering\n");
setInterval(() => {}, 1000);
