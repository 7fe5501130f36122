// kill -9 of the sidecar at random moments of a mixed load, over one store after the other. It proves the process and not the
// disk: what the system has taken it keeps, since nothing here takes the machine's power away.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { GetSession, ListSessions } from "../../sidecar/protocol.ts";
import { between, seededRandom, type Random } from "../support/seeded-random.ts";
import { compare, type Interrupted } from "./compare.ts";
import { Journal } from "./journal.ts";
import { readConversations } from "./kept-conversations.ts";
import { MixedLoad } from "./mixed-load.ts";
import { PlannedAnswers } from "./planned-answers.ts";
import { type Findings, limitMs, type Scenario, spread, type Trial } from "./scenario.ts";
import { TortureClient } from "./torture-client.ts";

const PEOPLE = 6;
/** Kills of one store: each is looked at whole after each of them. */
const KILLS_PER_STORE = 50;
/** Milliseconds. Of the kills, this share comes while the sidecar starts. */
const LONGEST_LIFE = 2500;
const START_MS = 250;
const AT_START = 0.08;
const PROMISED_LOSS_MS = 1000;
const PROMISED_REPLY_MS = 1000;

export const killSidecar: Scenario = {
  name: "kill-sidecar",
  title: "The sidecar is killed (`kill -9`) at random moments of a mixed load",
  rounds: 1000,
  run: async (trial) => new Killing(trial).run(),
};

class Killing {
  readonly #trial: Trial;
  readonly #random: Random;
  readonly #replies: number[] = [];
  readonly #lost: number[] = [];
  readonly #requests = new Map<string, number>();
  #acknowledged = 0;
  #running = 0;
  #checks = 0;

  constructor(trial: Trial) {
    this.#trial = trial;
    this.#random = seededRandom(trial.seed);
  }

  async run(): Promise<Findings> {
    const { rounds, folder, say } = this.#trial;
    for (let done = 0; done < rounds; done += KILLS_PER_STORE) {
      const store = join(folder, `store-${done}`);
      mkdirSync(store, { recursive: true });
      await this.#oneStore(store, Math.min(KILLS_PER_STORE, rounds - done));
      say(`${Math.min(rounds, done + KILLS_PER_STORE)} of ${rounds} kills`);
    }
    // A trial in which nothing was at stake would prove nothing.
    assert.ok(this.#acknowledged > rounds, `Only ${this.#acknowledged} acknowledgements in ${rounds} rounds.`);
    assert.ok(this.#running > rounds / 4, `Only ${this.#running} answers were interrupted in ${rounds} rounds.`);
    return this.#findings();
  }

  async #oneStore(folder: string, kills: number): Promise<void> {
    const answers = await PlannedAnswers.start(this.#random);
    const journal = new Journal();
    const load = new MixedLoad(journal, answers, this.#random, PEOPLE);
    const open = (): TortureClient => new TortureClient(this.#trial.bundle);
    let client = open();
    try {
      await shakeHands(client, folder, answers);
      for (let kill = 1; kill <= kills; kill += 1) {
        const killedAt = await this.#live(client, load);
        client = open();
        if (this.#random() < AT_START) {
          // Once more, in the middle of the start that mends what the first kill has left.
          const dies = shakeHands(client, folder, answers).catch(() => {});
          await delay(between(this.#random, 0, START_MS));
          await client.kill();
          await dies;
          client = open();
        }
        const startedAt = performance.now();
        await shakeHands(client, folder, answers);
        await load.askOnce(client);
        this.#replied(performance.now() - startedAt);
        await this.#check({ client, journal, answers, folder, killedAt });
      }
      this.#acknowledged += journal.acknowledged;
      for (const [name, count] of journal.requests) this.#requests.set(name, (this.#requests.get(name) ?? 0) + count);
    } finally {
      await client.kill();
      await answers.fake.close();
    }
  }

  /** Returns when it was killed. */
  async #live(client: TortureClient, load: MixedLoad): Promise<number> {
    const dead = new AbortController();
    const working = load.run(client).finally(() => dead.abort());
    // What a request was refused for ends the life before its time, and the trial.
    await delay(between(this.#random, 0, LONGEST_LIFE), undefined, { signal: dead.signal }).catch(() => {});
    const killedAt = await client.kill();
    await working;
    return killedAt;
  }

  #replied(ms: number): void {
    this.#replies.push(ms);
    assert.ok(ms <= limitMs(this.#trial, PROMISED_REPLY_MS), `The reply after the kill took ${Math.round(ms)} ms.`);
  }

  async #check(life: {
    readonly client: TortureClient;
    readonly journal: Journal;
    readonly answers: PlannedAnswers;
    readonly folder: string;
    readonly killedAt: number;
  }): Promise<void> {
    const { client, journal, answers, folder, killedAt } = life;
    const asked = journal.sessions.at(-1);
    // The question that was asked just now runs; everything else is of a life before.
    const before = new Journal();
    before.sessions.push(...journal.sessions.slice(0, -1));
    const kept = readConversations(folder);
    const interrupted = compare(before, { answers, kept, killedAt, mayLoseMs: limitMs(this.#trial, PROMISED_LOSS_MS) });
    assert.ok(asked !== undefined && kept.titles.has(asked.id), "The question after the kill was acknowledged and is lost.");
    this.#checks += 1;
    this.#running += interrupted.length;
    this.#lost.push(...interrupted.map(({ lostMs }) => lostMs));
    await checkThroughProtocol(client, before, interrupted);
  }

  #findings(): Findings {
    const requests = Array.from(this.#requests, ([name, count]) => `${count} \`${name}\``).toSorted();
    return [
      ["kills", `${this.#trial.rounds}, each looked at whole: ${this.#checks} comparisons, ${this.#checks} times \`integrity_check\` ok`],
      ["acknowledged sends, edits, renames, deletions and their undoing", `${this.#acknowledged}; lost: 0`],
      ["requests answered", requests.join(", ")],
      ["answers that were running", `${this.#running}; kept and marked: ${this.#running}`],
      ["text sent by the provider before the kill and not kept", `${spread(this.#lost)} (promised: 1 s)`],
      ["from the start of the next sidecar to its reply to the next question", `${spread(this.#replies)} (promised: 1 s)`],
    ];
  }
}

async function shakeHands(client: TortureClient, storeFolder: string, { fake }: PlannedAnswers): Promise<void> {
  const providers = { "openai-compatible": { baseUrl: fake.baseUrl("openai-chat") } };
  const settings = { providers, concurrency: 64, localModels: [], chat: { generateTitles: true } };
  const { persistence } = await client.sidecar.shakeHands({ storeFolder, settings });
  assert.deepEqual(persistence, { available: true });
}

/** The same as the person sees it: what is there is listed, what was deleted is not, and what was cut is marked. */
async function checkThroughProtocol(client: TortureClient, journal: Journal, interrupted: readonly Interrupted[]): Promise<void> {
  const { connection } = client.sidecar;
  const { sessions } = await connection.sendRequest(ListSessions, { limit: 10_000 });
  const listed = new Set(sessions.map(({ id }) => id));
  for (const { id, state } of journal.sessions) {
    if (state === "there") assert.ok(listed.has(id), `The conversation ${id} is not listed.`);
    if (state === "deleted") assert.ok(!listed.has(id), `The conversation ${id} was deleted and is listed.`);
  }
  for (const { session, answer } of interrupted) {
    const { messages } = (await connection.sendRequest(GetSession, { session: session.id })).session;
    const shown = messages.find(({ id }) => id === answer.id);
    // Another branch may be the one that is shown.
    if (shown === undefined) continue;
    assert.deepEqual([shown.status, shown.error?.providerCode], ["incomplete", "sidecar-ended"]);
  }
}
