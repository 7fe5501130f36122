// Whether the page keeps the end of the conversation in view. It follows while the reader is at the end, and never
// against them: any movement of theirs upwards ends it, and only coming back to the end starts it again. What the layout moves
// by itself, as messages find their heights, is no movement of theirs. Pure.

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

/**
 * After a scroll event: does the page go on following? `before` is the position that was known last; `byHand`: the reader has
 * just done what can move a page.
 */
export function followsAfter(following: boolean, before: ScrollPosition, now: ScrollPosition, byHand: boolean): boolean {
  const movedUp = now.top < before.top - 0.5;
  if (!movedUp) return isAtEnd(now) || following;
  // Content that shrinks, or a viewport that grows, moves the position up to the end, and no further.
  const shrunk = now.height < before.height || now.viewport > before.viewport;
  if (shrunk && distanceFromEnd(now) <= 1) return true;
  // Where something found its height since, some of it can have shrunk before the rest grew: the position then moved by itself.
  const isSame = now.height === before.height && now.viewport === before.viewport;
  return following && !isSame && !byHand;
}
