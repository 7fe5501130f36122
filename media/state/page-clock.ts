import type { FrameClock } from "./frame-loop.ts";

/** Where no frame is drawn within this time, the page is hidden in a way that `visibilityState` does not tell. */
const NO_FRAME_MS = 250;

/**
 * Frames of the page. A hidden page draws none and has its timers slowed down to one a second or less; what arrives must
 * still be applied and acknowledged, so there a message port, which nothing slows down, takes the frame's place.
 */
export function pageClock(): FrameClock {
  const channel = new MessageChannel();
  const posted: (() => void)[] = [];
  channel.port1.addEventListener("message", () => posted.shift()?.());
  channel.port1.start();

  return {
    now: () => performance.now(),
    report: (error) => reportError(error),
    nextFrame(callback) {
      let called = false;
      const once = (): void => {
        if (called) return;
        called = true;
        callback();
      };
      if (document.visibilityState === "hidden") {
        posted.push(once);
        channel.port2.postMessage(null);
        return;
      }
      const frame = requestAnimationFrame(() => {
        clearTimeout(timer);
        once();
      });
      const timer = setTimeout(() => {
        cancelAnimationFrame(frame);
        once();
      }, NO_FRAME_MS);
    },
  };
}
