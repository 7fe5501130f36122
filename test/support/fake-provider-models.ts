// The fake provider's model lists, each as the wire that asks for it writes them.

import type { JsonObject } from "../../sidecar/types.ts";
import type { FakeRequest } from "./fake-provider-script.ts";

export function modelList(request: FakeRequest, models: readonly string[]): JsonObject {
  if (request.path.includes("/api/tags")) {
    return {
      models: models.map((name) => ({
        name,
        model: name,
        size: 1_000_000,
        digest: "0123456789ab",
        details: { format: "gguf", family: "fake", parameter_size: "1B", quantization_level: "Q4_K_M" },
      })),
    };
  }
  if ("anthropic-version" in request.headers) {
    return {
      data: models.map((id) => ({ type: "model", id, display_name: id, created_at: "2026-01-01T00:00:00Z" })),
      has_more: false,
      first_id: models[0] ?? null,
      last_id: models.at(-1) ?? null,
    };
  }
  return { object: "list", data: models.map((id) => ({ id, object: "model", created: 1_760_000_000, owned_by: "fake" })) };
}
