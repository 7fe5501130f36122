// node-llama-cpp as its documentation shows it, in a process of its own: a context, a sequence for each answer, a loop over
// `evaluate`. What local inference is measured against. Its arguments are a model file and the number of sequences.

import type { LlamaContextSequence, SequenceEvaluateOptions, Token } from "node-llama-cpp";
import { ChatPrompts } from "../../sidecar/local/inference/chat-prompts.ts";
import { inferenceThreads, llamaRuntime } from "../../sidecar/local/inference/llama-runtime.ts";

export interface BareRun {
  readonly prompt: string;
  readonly tokens: number;
  readonly sampling: SequenceEvaluateOptions;
}

export interface BareResult {
  readonly tokens: number;
  /** Milliseconds from the first answer's first token to the last answer's last. */
  readonly wallMs: number;
}

const [file = "", sequences = "1"] = process.argv.slice(2);
const runtime = await llamaRuntime();
const model = await runtime.llama.loadModel({ modelPath: file });
const context = await model.createContext({
  sequences: Number(sequences),
  contextSize: model.trainContextSize,
  threads: inferenceThreads(),
});
const places = Array.from({ length: context.totalSequences }, () => context.getSequence());
const prompts = new ChatPrompts(runtime, model);

async function answer(sequence: LlamaContextSequence, prompt: readonly Token[], run: BareRun, seen: () => void): Promise<void> {
  await sequence.clearHistory();
  let left = run.tokens;
  for await (const _ of sequence.evaluate([...prompt], run.sampling)) {
    seen();
    left -= 1;
    if (left === 0) break;
  }
}

async function measured(run: BareRun): Promise<BareResult> {
  const { tokens } = prompts.prompt([{ role: "user", text: run.prompt }]);
  let first = 0;
  let last = 0;
  let count = 0;
  const seen = (): void => {
    last = performance.now();
    first ||= last;
    count += 1;
  };
  await Promise.all(places.map((sequence) => answer(sequence, tokens, run, seen)));
  return { tokens: count, wallMs: last - first };
}

process.on("disconnect", () => process.exit(0));
process.on("message", (run: BareRun) => {
  void measured(run).then((result) => process.send?.(result));
});
process.send?.("ready");
