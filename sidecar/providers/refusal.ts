// What a provider cannot do is refused by name before anything is sent, or mapped with a warning; never dropped in silence.

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
