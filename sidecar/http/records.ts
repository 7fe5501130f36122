// What the decoders of framed streams have in common: they are pushed bytes, cut anywhere, and hand out whole records.

/** `event` is the name that server-sent events can carry; empty where there is none. */
export type RecordSink = (data: string, event: string) => void;

export interface RecordDecoder {
  /** Lines that have ended so far, blank ones and comments among them: a server that only drips bytes ends none. */
  readonly lines: number;
  /** The beginning of what came outside of any record. */
  readonly stray?: string;
  /**
   * Hands every record that these bytes complete to the sink, in order, before it returns. Throws `RecordTooLongError`,
   * and whatever the sink throws; after that the decoder is of no more use.
   */
  push(bytes: Buffer): void;
  /** The body has ended: hands out a last record that only lacked its terminator. It may be cut; the sink has to tell. */
  end(): void;
}

/** UTF-16 units. Room for a picture in one record, and an end for a server that never closes a line. */
export const MAX_RECORD_LENGTH = 16 * 1024 * 1024;

export class RecordTooLongError extends Error {
  override readonly name = "RecordTooLongError";
  readonly limit: number;

  constructor(limit: number) {
    super(`A single record of the answer is longer than ${limit} characters.`);
    this.limit = limit;
  }
}
