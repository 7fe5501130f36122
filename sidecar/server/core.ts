// What the handlers work with once the handshake is made: the services, and all that runs on them for this client.

import type { Log } from "../log.ts";
import type { AnswerWriter } from "../sessions/answer-writer.ts";
import type { Pump } from "../streams/pump.ts";
import type { StreamRegistry } from "../streams/registry.ts";
import type { SessionInfo } from "../types.ts";
import type { ChatRuns } from "./chat-runs.ts";
import type { GatherRuns } from "./gather-runs.ts";
import type { Services } from "./services.ts";

export interface Core {
  readonly services: Services;
  readonly writer: AnswerWriter;
  readonly registry: StreamRegistry;
  readonly pump: Pump;
  readonly chats: ChatRuns;
  readonly gathers: GatherRuns;
  readonly log: Log;
  /** Tells the client that a commit has changed a session. */
  readonly sessionChanged: (session: SessionInfo) => void;
}
