// What a provider cannot do is refused by name before anything is sent, or mapped with a warning; never dropped in silence.

import type { Message } from "../types.ts";
import { ProviderError } from "./provider.ts";
import type { WireTarget, WireWarning } from "./wire-adapter.ts";

/** `advice` is a sentence for people. */
export function unsupported(target: WireTarget, parameter: string, advice: string): ProviderError {
  return new ProviderError(`${target.row.name} does not support "${parameter}". ${advice}`, {
    kind: "unsupported",
    phase: "before-headers",
    retryable: false,
    providerCode: `unsupported-parameter:${parameter}`,
    provider: target.provider,
  });
}

/** The parameter was sent as the nearest thing that the provider knows. */
export function mapped(parameter: string, message: string): WireWarning {
  return { type: "warning", code: "parameter-mapped", parameter, message };
}

/** The model has refused the parameter, and is asked without it. */
export function leftOut(parameter: string, message: string): WireWarning {
  return { type: "warning", code: "parameter-left-out", parameter, message };
}

/** Throws for messages with pictures, which this provider cannot be sent. */
export function refuseImages(messages: readonly Message[], target: WireTarget): void {
  const hasImage = messages.some(({ role, content }) => role === "user" && content.some((part) => part.type === "image"));
  if (hasImage) throw unsupported(target, "images", "Leave the pictures out, or choose another provider.");
}

/** The refusal is of the value and not of the field: without it, something else than what was asked for would be done. */
export function isAboutRange(message: string): boolean {
  return /(above|over|exceeds?) (the )?max|below (the )?min|out of range|too (large|small|high|low)\b|(less|greater|smaller|larger) than|between [\d.[]|[<>≤≥]=? ?-?\d|must be (in|within)\b|range/iu.test(
    message,
  );
}
