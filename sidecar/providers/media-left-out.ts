// What an answer holds that nothing here can show: that is said, rather than nothing.

import type { WireWarning } from "./wire-adapter.ts";

/** Whoever numbers the events passes on one of each. */
export function mediaLeftOut(what: "a picture" | "sound"): WireWarning {
  return { type: "warning", code: "media-left-out", message: `The answer holds ${what}, which Parley cannot show. Its text is whole.` };
}
