/** Nothing can answer: neither the demo, nor a key, nor a server. */
export class NoModel extends Error {
  override readonly name = "NoModel";

  constructor() {
    super("No model can answer yet.");
  }
}
