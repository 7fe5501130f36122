// Named points at which an answer of the fake provider waits until the test lets it go on.

export interface FakeGate {
  /** For good: whoever waits and whoever comes later. */
  open(): void;
  /** One answer: one that waits now, else the next that comes. */
  release(): void;
}

interface GateState {
  open: boolean;
  releases: number;
  readonly waiting: Set<() => void>;
}

export class FakeGates {
  readonly #gates = new Map<string, GateState>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  gate(name: string): FakeGate {
    return {
      open: () => {
        const gate = this.#state(name);
        gate.open = true;
        for (const pass of gate.waiting) pass();
      },
      release: () => {
        const gate = this.#state(name);
        const [pass] = gate.waiting;
        if (pass === undefined) gate.releases += 1;
        else pass();
      },
    };
  }

  /** Resolves when let through, or when the answer is given up (the client has gone). */
  async wait(name: string, givenUp: Promise<void>): Promise<void> {
    const gate = this.#state(name);
    if (gate.open) return;
    if (gate.releases > 0) {
      gate.releases -= 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    // Leaves the gate in the same turn, so that a second release cannot be spent on an answer that is already on its way.
    const pass = (): void => {
      if (!gate.waiting.delete(pass)) return;
      resolve();
      this.#changed();
    };
    gate.waiting.add(pass);
    this.#changed();
    void givenUp.then(pass);
    await promise;
  }

  waitingAt(): readonly string[] {
    return [...this.#gates].flatMap(([name, gate]) => [...gate.waiting].map(() => name));
  }

  reset(): void {
    for (const gate of this.#gates.values()) for (const pass of gate.waiting) pass();
    this.#gates.clear();
  }

  #state(name: string): GateState {
    const known = this.#gates.get(name);
    if (known !== undefined) return known;
    const made: GateState = { open: false, releases: 0, waiting: new Set() };
    this.#gates.set(name, made);
    return made;
  }
}
