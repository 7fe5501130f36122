// A conversation that outgrows its window, with the real llama.cpp and the demo model, which says back what has reached it: to
// "^$" the words of the system, to "^^" the first question that it was sent, both in capitals.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Engine, defaultSettings } from "../../../../sidecar/engine.ts";
import { KeyRing } from "../../../../sidecar/keys.ts";
import { writeDemoModel } from "../../../../sidecar/local/demo/generate.ts";
import { InferenceClient } from "../../../../sidecar/local/inference-client.ts";
import { createLocalProvider } from "../../../../sidecar/local/local-provider.ts";
import { summaryText } from "../../../../sidecar/sessions/model-context.ts";
import { Session, type TurnOptions } from "../../../../sidecar/sessions/session.ts";
import type { StoredMessage } from "../../../../sidecar/types.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-local-summary-"));
const file = join(folder, "demo.gguf");
const inference = new InferenceClient();
const contextWindow = 2800;
const settings = { ...defaultSettings, providers: { local: { models: { [file]: { contextWindow } } } } };
const engine = new Engine({ settings, keys: new KeyRing(), local: createLocalProvider(inference) });

before(() => void writeDemoModel(file));
after(async () => {
  await engine.close();
  await inference.close();
  rmSync(folder, { recursive: true });
});

const secret = "Remember that the jar of marmalade stands behind the seventh book.";
const talk = "We talked about tea, and how its leaves are dried in the sun before they are rolled. ".repeat(12);
/** Tokens: enough to see how an answer begins, where no more is wanted of it. */
const aFew = { maxOutputTokens: 24 };

test("what a model holds is known once it was loaded, also where no setting says it", async () => {
  const unset = new Engine({ settings: defaultSettings, keys: new KeyRing(), local: createLocalProvider(inference) });
  const llm = unset.llm(`local/${file}`);
  const told = async (): Promise<number | undefined> => llm.contextWindow?.(new AbortController().signal);
  assert.equal(await told(), undefined);
  await llm.generate("^=hello");
  const window = await told();
  assert.ok(window !== undefined && window >= 2048, String(window));
  const most = { maxOutputTokens: 1 };
  await assert.rejects(llm.generate("tea ".repeat(window), most), /The prompt has \d+ tokens, and the model's window holds (\d+)/u);
  await unset.close();
});

test("of a compacted conversation the model is sent its own summary of what it is not sent any more", async () => {
  const summaries: StoredMessage[] = [];
  const llm = engine.llm(`local/${file}`);
  const session = new Session(llm, { systemPrompt: "Be kind.", onSummary: (summary) => summaries.push(summary) });
  const ask = async (question: string, options: TurnOptions = {}): Promise<string> => (await session.generate(question, options)).content;

  await ask(`${secret} ${talk}`, aFew);
  assert.match(await ask("^$"), /^BE KIND\.$/u);
  for (let turn = 0; summaries.length === 0; turn += 1) {
    assert.ok(turn < 20, "the conversation does not fit any more after some turns");
    await ask(`Turn ${turn}. ${talk}`, aFew);
  }
  const [summary] = summaries;
  assert.ok(summary !== undefined);
  const words = summaryText(summary);
  assert.match(words, /marmalade/u, "the demo summarises by saying what it was given to summarise");

  const heard = await ask("^$");
  assert.ok(heard.startsWith("BE KIND."), heard.slice(0, 80));
  const upper = (text: string): string => text.replaceAll(/[a-z]/gu, (letter) => letter.toUpperCase());
  assert.ok(heard.endsWith(upper(words)), "the whole summary has reached the model");
  const first = await ask("^^", aFew);
  const path = await session.messages();
  const [said] = path[path.findIndex(({ id }) => id === summaries.at(-1)?.parent) + 1]?.message.content ?? [];
  assert.ok(
    said?.type === "text" && first !== "" && upper(said.text).startsWith(first),
    `what it stands for is not sent beside it: ${first}`,
  );
  assert.match(JSON.stringify(path[0]), /marmalade/u, "and all of it stays");
});
