// The ids of an answer's tool calls. Results name their call by its id alone, so no two calls may share one.

export class CallIds {
  readonly #taken = new Set<string>();

  /** The id that a call was given, unless it is empty or another call's; then one made of `made` or of what was given. */
  of(given: string, made: string): string {
    const wanted = given === "" ? made : given;
    let id = wanted;
    for (let next = 1; this.#taken.has(id); next += 1) id = `${wanted}_${next}`;
    this.#taken.add(id);
    return id;
  }
}
