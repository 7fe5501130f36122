// The real window is reloaded in the middle of an answer: the sidecar of before is gone, the text that had come is there again,
// marked, with the means to go on, and the next question is answered.

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { ChatPanel } from "../support/chat-panel.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { processTree, sidecarPid } from "../support/process-tree.ts";
import { between, seededRandom, type Random } from "../support/seeded-random.ts";
import { until } from "../support/until.ts";
import { openWorkbench, type Workbench } from "../support/workbench.ts";
import { type Findings, spread, type Trial } from "./scenario.ts";

/** Milliseconds after the first words at which the window is reloaded, at most. */
const LONGEST_MS = 1500;
const PATIENCE_MS = 60_000;

/** See `scenarios.ts`. */
export async function reloadWindowAgainAndAgain({ rounds, seed, say }: Trial): Promise<Findings> {
  const random = seededRandom(seed);
  const workbench = await openWorkbench();
  const fake = await FakeProvider.start({ models: ["model-that-is-cut"] });
  const backAfter: number[] = [];
  try {
    const chat = new ChatPanel(workbench);
    await chat.openAt(fake);
    for (let round = 1; round <= rounds; round += 1) {
      backAfter.push(await reloadOnce({ workbench, chat, fake, round, random }));
      if (round % 10 === 0) say(`${round} of ${rounds} reloads`);
    }
  } finally {
    await workbench.close();
    await fake.close();
  }
  return [
    ["reloads", `${rounds}; the text was there again, marked and with *Continue*: ${rounds} times`],
    ["sidecars of before that were left over", "0"],
    ["questions after the reload", `${rounds} answered`],
    ["from the reload to the text in the panel", spread(backAfter)],
  ];
}

async function reloadOnce(one: {
  readonly workbench: Workbench;
  readonly chat: ChatPanel;
  readonly fake: FakeProvider;
  readonly round: number;
  readonly random: Random;
}): Promise<number> {
  const { workbench, chat, fake, round, random } = one;
  const words = Array.from({ length: 2000 }, (_, index) => [{ text: ` r${round}w${index}` }, { pauseMs: 20 }]).flat();
  fake.enqueue({ route: "openai-chat", steps: words });
  await chat.newChat();
  await chat.ask(`Question ${round}`);
  await chat.shows(`r${round}w3`);
  await delay(between(random, 0, LONGEST_MS));
  const shown = (await chat.answerText.innerText()).trim();
  const before = sidecarPid(workbench.serverPid);
  const startedAt = performance.now();
  await workbench.reload();
  await chat.questions.getByText(`Question ${round}`, { exact: true }).waitFor({ timeout: PATIENCE_MS });
  await chat.shows(`r${round}w3`);
  const backMs = performance.now() - startedAt;
  await chat.answer.getByRole("button", { name: "Continue" }).waitFor({ timeout: PATIENCE_MS });
  // What the page had shown may be a moment ahead of what was kept only after a kill, and this was none.
  const kept = (await chat.answerText.innerText()).trim();
  assert.ok(kept.startsWith(shown), `Before the reload the panel showed "${shown.slice(-80)}", after it "${kept.slice(-80)}".`);
  await until(() => processTree(workbench.serverPid).every(({ pid }) => pid !== before), "the end of the sidecar of before", PATIENCE_MS);
  await chat.ask(`And after ${round}`);
  await chat.shows(`You said: And after ${round}`);
  return backMs;
}
