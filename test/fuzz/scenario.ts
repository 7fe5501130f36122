// One thing that a server can do wrong.

import type { EndEvent, TimeLimits } from "../../sidecar/types.ts";
import type { FakeWire } from "../support/fake-provider-script.ts";
import type { RawConnection } from "../support/raw-server.ts";
import type { Random } from "../support/seeded-random.ts";

export interface Material {
  readonly wire: FakeWire;
  /** A stream of this wire, whole or damaged. */
  readonly bytes: Buffer;
  readonly random: Random;
}

export interface Scenario {
  readonly name: string;
  readonly play: (connection: RawConnection, material: Material) => Promise<void>;
  /** What the answer's end has to be, beyond what every end is. */
  readonly ends?: (end: EndEvent) => boolean;
  /** Milliseconds, for a server that is waited for. Default: so long that only a hanging answer meets them. */
  readonly limits?: TimeLimits;
  /** `heavy`: hundreds of megabytes, or a second of work, so not beside others. `long`: for the long form alone. */
  readonly weight?: "heavy" | "long";
}

export const isCode =
  (...codes: readonly string[]) =>
  ({ status, error }: EndEvent): boolean =>
    status === "error" && codes.includes(error?.providerCode ?? "");

/** The words name the limit. */
export const names =
  (text: string) =>
  ({ error }: EndEvent): boolean =>
    error?.message.includes(text) === true;
