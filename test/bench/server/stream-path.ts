export interface StreamShape {
  readonly pieces: number;
  /** Pieces sent together; absent: all as fast as they are taken. */
  readonly eachStep?: number;
  /** Steps of the pacer from one sending to the next. Default 1. */
  readonly steps?: number;
}

/** The address under which the stream server sends such streams; the path of a wire follows it. */
export function streamAddress(origin: string, { pieces, eachStep = 0, steps = 1 }: StreamShape): string {
  return `${origin}/${pieces}/${eachStep}/${steps}`;
}
