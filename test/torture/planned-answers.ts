// What the fake provider answers while things are killed: each request names a model of its own (`ask-17`), by which the answer
// that was kept is later compared with the text that was sent, and when.

import { FakeProvider, type FakeAnswer, type FakeRequest } from "../support/fake-provider.ts";
import type { FakeStep } from "../support/fake-provider-script.ts";
import { lastUserText } from "../support/fake-provider-script.ts";
import { between, oneOf, type Random } from "../support/seeded-random.ts";

/** Short answers end before a kill, long ones never do. */
const LENGTHS = [
  { words: [1, 20], pauseMs: 0 },
  { words: [20, 80], pauseMs: 15 },
  { words: [600, 900], pauseMs: 25 },
] as const;

export class PlannedAnswers {
  readonly fake: FakeProvider;
  readonly #random: Random;
  readonly #words = new Map<number, readonly string[]>();
  #asked = 0;

  private constructor(fake: FakeProvider, random: Random) {
    this.fake = fake;
    this.#random = random;
    fake.respond((request) => this.#answer(request));
  }

  static async start(random: Random): Promise<PlannedAnswers> {
    return new PlannedAnswers(await FakeProvider.start(), random);
  }

  /** Plans the next answer; returns its number. `long`: it does not end by itself within 15 seconds. */
  plan(long = false): number {
    const number = ++this.#asked;
    const kind = long ? LENGTHS[2] : oneOf(this.#random, LENGTHS);
    const count = between(this.#random, kind.words[0], kind.words[1]);
    this.#words.set(
      number,
      Array.from({ length: count }, (_, index) => (index === 0 ? `Answer ${number}:` : ` w${index}`)),
    );
    return number;
  }

  modelOf(number: number): string {
    return `openai-compatible/ask-${number}`;
  }

  questionOf(number: number): string {
    return `Question ${number}`;
  }

  textOf(number: number): string {
    return (this.#words.get(number) ?? []).join("");
  }

  /** What of it had been sent at this time of `performance.now()`. */
  sentBy(number: number, time: number): string {
    const count = this.#sentAt(number).filter((at) => at <= time).length;
    return (this.#words.get(number) ?? []).slice(0, count).join("");
  }

  /** When the first piece was sent that is not within the first `characters`; undefined where nothing more was sent. */
  sentBeyond(number: number, characters: number): number | undefined {
    const sentAt = this.#sentAt(number);
    let length = 0;
    for (const [index, word] of (this.#words.get(number) ?? []).entries()) {
      length += word.length;
      if (length > characters) return sentAt[index];
    }
    return undefined;
  }

  #sentAt(number: number): readonly number[] {
    return this.fake.requests.findLast((request) => numberOf(request) === number && isQuestion(request))?.textSentAt ?? [];
  }

  #answer(request: FakeRequest): FakeAnswer {
    const number = numberOf(request);
    const words = number === undefined ? undefined : this.#words.get(number);
    // A title that Parley asks for by itself.
    if (words === undefined || !isQuestion(request)) return { text: "A short title" };
    const pauseMs = words.length > 400 ? LENGTHS[2].pauseMs : words.length > 20 ? LENGTHS[1].pauseMs : 0;
    const steps = words.flatMap((text): FakeStep[] => (pauseMs === 0 ? [{ text }] : [{ text }, { pauseMs }]));
    return { steps: [...steps, { usage: { inputTokens: 3, outputTokens: words.length } }, { finish: "stop" }] };
  }
}

function numberOf({ body }: FakeRequest): number | undefined {
  const model = body?.["model"];
  return typeof model === "string" && model.startsWith("ask-") ? Number(model.slice(4)) : undefined;
}

/** As against Parley's own request for a title, which shows the model the first question and its answer. */
function isQuestion({ body }: FakeRequest): boolean {
  return !lastUserText(body).startsWith("The question:");
}
