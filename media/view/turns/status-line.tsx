import { useEffect, useState } from "preact/hooks";
import type { Phase } from "../../state/answer.ts";
import { timeLeft } from "../../state/labels.ts";
import { phaseWords, text } from "../../strings.ts";
import { Icon } from "../button.tsx";

interface StatusLineProps {
  readonly phase: Phase | null;
  /** Something of the answer is there. */
  readonly begun: boolean;
  /** The reasoning itself shows that it goes on. */
  readonly thinking: boolean;
}

/** What a streaming answer does now: what it waits for, or three quiet dots while its words come. */
export function StatusLine({ phase, begun, thinking }: StatusLineProps) {
  const now = useNow(phase?.untilMs !== undefined);
  if (phase === null && begun) {
    return thinking ? null : (
      <div class="status-line" aria-hidden="true">
        <span class="dots">
          <i />
          <i />
          <i />
        </span>
      </div>
    );
  }
  const words = phase === null ? text("waitingForFirstToken") : phaseWords(phase.phase, timeLeft(phase.untilMs, now), phase.progress);
  return (
    <div class="status-line">
      <Icon name="loading" spin />
      <span class="status-words">{words}</span>
      {phase?.progress !== undefined && <progress class="progress" max={1} value={phase.progress} aria-label={words} />}
    </div>
  );
}

/** The time in Unix milliseconds, renewed each second while `ticking`. */
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!ticking) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => {
      setNow(Date.now());
    }, 1_000);
    return () => {
      clearInterval(timer);
    };
  }, [ticking]);
  return now;
}
