/** A question is on its way already; nothing was kept of this one. */
export class StillSending extends Error {
  override readonly name = "StillSending";

  constructor() {
    super("The question before this one is still being sent.");
  }
}
