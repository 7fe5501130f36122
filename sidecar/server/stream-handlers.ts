// The logs in which answers are read.

import { AckStream, AttachStream, CancelStream, DetachStream } from "../protocol.ts";
import type { Router } from "./router.ts";
import { params } from "./shapes.ts";

export function addStreamHandlers(router: Router): void {
  router.on(AttachStream, params.attach, ({ registry, pump }, { reader, afterSeq, ...ref }) => {
    return pump.attach(reader, registry.find(ref), afterSeq);
  });

  router.on(CancelStream, params.stream, async ({ registry }, ref) => ({ cancelled: await registry.cancel(ref) }));

  router.hear(AckStream, params.acknowledge, ({ pump }, { reader, seq }) => pump.acknowledge(reader, seq));

  router.hear(DetachStream, params.reader, ({ pump }, { reader }) => pump.detach(reader));
}
