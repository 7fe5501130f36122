// A function that makes a prompt may ask a model for it, as the first of two steps: then the one request waits for the other,
// and must hold nothing meanwhile that the other one may need.

/** The making of one prompt. Requests that are made inside find it in their scope. */
export class PromptMaking {
  readonly #asks: () => void;
  #asked = false;
  #ended = false;

  /** `asks`: called once, before the first request that is made inside waits for anything. */
  constructor(asks: () => void) {
    this.#asks = asks;
  }

  /** By a request made inside. False: the prompt is made, or nobody waits for it any more, so that the request stands for itself. */
  ask(): boolean {
    if (this.#ended) return false;
    if (!this.#asked) this.#asks();
    this.#asked = true;
    return true;
  }

  end(): void {
    this.#ended = true;
  }
}
