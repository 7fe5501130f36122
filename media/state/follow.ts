// Whether the page keeps the end of the conversation in view. It follows while the reader is at the end, and never
// against them: any movement of theirs upwards ends it, and only coming back to the end starts it again. Pure.

export interface ScrollPosition {
  /** CSS pixels, as the scrolling element reports them. */
  readonly top: number;
  readonly height: number;
  readonly viewport: number;
}

/** Within this many pixels of the end counts as being there: zoomed pages report fractions. */
const NEAR_END_PX = 24;

export const distanceFromEnd = ({ top, height, viewport }: ScrollPosition): number => Math.max(0, height - top - viewport);

export const isAtEnd = (position: ScrollPosition): boolean => distanceFromEnd(position) <= NEAR_END_PX;

/** After a scroll event: does the page go on following? `before` is the position at the last event. */
export function followsAfter(following: boolean, before: ScrollPosition, now: ScrollPosition): boolean {
  const movedUp = now.top < before.top - 0.5;
  // Content that shrinks, or a viewport that grows, moves the position up without the reader's doing, but only to the end.
  const shrunk = now.height < before.height || now.viewport > before.viewport;
  if (movedUp && !(shrunk && distanceFromEnd(now) <= 1)) return false;
  return isAtEnd(now) || following;
}
