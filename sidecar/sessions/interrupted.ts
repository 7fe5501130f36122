// What is said of an answer whose process ended before it did.

import type { ErrorInfo } from "../types.ts";

export const sidecarEnded: ErrorInfo = {
  kind: "server",
  providerCode: "sidecar-ended",
  message: "Parley's process ended before the answer was complete. What had come is kept.",
  phase: "mid-stream",
  retryable: true,
};
