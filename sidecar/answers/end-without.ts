// The end of an answer that never reached the engine, or whose run failed beside it: every log ends with exactly one `end`.

import type { AnswerStatus, EndEventBody, ErrorInfo } from "../types.ts";

export function endWithout(status: AnswerStatus, startedAt: number, error?: ErrorInfo): EndEventBody {
  return {
    type: "end",
    status,
    finishReason: null,
    rawFinishReason: null,
    usage: null,
    timings: { firstTokenMs: null, totalMs: Math.round(performance.now() - startedAt) },
    ...(error === undefined ? {} : { error }),
  };
}
