// The provider `local`: the built-in demo, and any GGUF file on this machine.

import { demoModelUrl } from "../entry-points.ts";
import type { Provider } from "../providers/provider.ts";
import type { ModelInfo } from "../types.ts";
import type { InferenceClient } from "./inference-client.ts";
import { inferenceRequest } from "./inference-request.ts";
import { modelFile } from "./model-file.ts";

const demo: ModelInfo = {
  ref: "local/demo",
  provider: "local",
  model: "demo",
  name: "Demo (no knowledge)",
  demo: true,
  abilities: { images: false, tools: false, reasoning: false },
};

export function createLocalProvider(inference: InferenceClient): Provider {
  return {
    id: "local",
    async *stream(request, { signal, onWhole }) {
      yield* inference.answer(inferenceRequest(request, modelFile(request.model, demoModelUrl)), signal, onWhole);
    },
    countTokens: (request, signal) => inference.count(inferenceRequest(request, modelFile(request.model, demoModelUrl)), signal),
    contextWindow: (model) => inference.contextWindow(modelFile(model, demoModelUrl).file),
    // `local/echo` is for tests and scripts: it can be asked, and is not offered.
    listModels: async () => (inference.availability().available ? [demo] : []),
  };
}
