// Where the sidecar's other files lie: beside the bundle in `dist/`, or in the source tree when a test runs the sources.

const fromSource = import.meta.url.endsWith(".ts");
const at = (source: string, bundled: string): URL => new URL(fromSource ? source : bundled, import.meta.url);

/** Forked on the first use of a local model. */
export const inferenceProcessUrl = at("./local/inference-process.ts", "./inference.mjs");
/** Started with the first store. */
export const storeWorkerUrl = at("./sessions/store-worker.ts", "./store-worker.mjs");
/** Imported when a price is first asked for. */
export const bundledPricesUrl = at("./prices/bundled-prices.ts", "./prices.mjs");
/** Started with the first answer that must satisfy a schema. */
export const schemaWorkerUrl = at("./structured/schema-worker.ts", "./schema-worker.mjs");
/** The demo model, made by the build. */
export const demoModelUrl = at("../dist/models/demo.gguf", "./models/demo.gguf");
/** The folder whose `node_modules` holds node-llama-cpp with this platform's backend, where Parley brought it along. */
export const localRuntimeUrl = at("../dist/", "./");
