// One prompt over many files, for a client: a log for each file and model at once, all queued; each file is read from the
// client when a place at the model's endpoint is free; what fails or is cancelled concerns that file alone.

import { randomUUID } from "node:crypto";
import { orAborted } from "../abort.ts";
import { errorInfo } from "../answers/answer-error.ts";
import type { Llm } from "../api.ts";
import { gather } from "../gather.ts";
import { priceUnknown } from "../limits/budget.ts";
import type { FileContent, GatherEnded, GatherItem, GatherStream, StartGatherParams } from "../protocol.ts";
import { askAboutFile } from "../prompt-text.ts";
import type { EventLog } from "../streams/event-log.ts";
import type { StreamRegistry } from "../streams/registry.ts";
import type { GenerationParameters } from "../types.ts";
import { endWithout } from "../answers/end-without.ts";
import { runTotals } from "./run-totals.ts";
import type { Services } from "./services.ts";

export interface GatherRunsOptions {
  readonly services: Services;
  readonly registry: StreamRegistry;
  readonly readFile: (uri: string, signal: AbortSignal) => Promise<FileContent>;
  /** Told once for each run, after the `end` of all its streams. */
  readonly ended: (totals: GatherEnded) => void;
}

/** One answer of a run. */
interface Part {
  readonly log: EventLog;
  readonly llm: Llm;
  readonly file: SharedFile;
  readonly abort: AbortController;
}

interface GatherRun {
  readonly parts: readonly Part[];
  /** Resolves after `ended` was told. */
  readonly done: Promise<void>;
}

export class GatherRuns {
  readonly #options: GatherRunsOptions;
  readonly #runs = new Map<string, GatherRun>();

  constructor(options: GatherRunsOptions) {
    this.#options = options;
  }

  /**
   * Resolves at once; the run begins in the next turn of the event loop, so the reply leaves first. Rejects with a
   * `ProviderError` (`price-unknown`) where a budget of money could not be kept.
   */
  async start(params: StartGatherParams): Promise<{ readonly run: string; readonly streams: readonly GatherStream[] }> {
    const engine = await this.#options.services.engine();
    if (params.budget?.amount !== undefined) {
      for (const model of params.models) if ((await engine.priceOf(model)) === undefined) throw priceUnknown(model);
    }
    const llms = params.models.map((model) => ({ model, llm: engine.llm(model) }));
    const run = randomUUID();
    const parts: Part[] = [];
    const streams: GatherStream[] = [];
    for (const item of params.items) {
      const file = new SharedFile(item, llms.length, this.#options.readFile);
      for (const { model, llm } of llms) {
        const abort = new AbortController();
        const log = this.#options.registry.open(() => abort.abort());
        log.append([{ type: "status", phase: "queued" }]);
        parts.push({ log, llm, file, abort });
        streams.push({ ...log.ref, item: item.item, model });
      }
    }
    const done = new Promise<void>((resolve) => setImmediate(() => void this.#run(run, parts, params).then(resolve)));
    this.#runs.set(run, { parts, done });
    return { run, streams };
  }

  /** Resolves when every answer of the run has ended: at once where it has, or is not known. */
  async cancel(run: string): Promise<void> {
    const known = this.#runs.get(run);
    for (const { abort } of known?.parts ?? []) abort.abort();
    await known?.done;
  }

  async cancelAll(): Promise<void> {
    await Promise.all(Array.from(this.#runs.keys(), (run) => this.cancel(run)));
  }

  async #run(run: string, parts: readonly Part[], params: StartGatherParams): Promise<void> {
    const { prompt, concurrency, budget, parameters = {} } = params;
    const startedAt = performance.now();
    for (const { log, abort } of parts) endWhenCancelledInLine(log, abort.signal, startedAt);
    const tasks = parts.map((part) => () => answer(part, prompt, parameters, startedAt));
    const results = await gather(tasks, {
      ...(concurrency === undefined ? {} : { concurrency }),
      // Whatever else a client has put in it is not the library's mistake.
      ...(budget === undefined ? {} : { budget: { tokens: budget.tokens, amount: budget.amount, requests: budget.requests } }),
    });
    for (const { index, error } of results) {
      const part = parts[index];
      if (error === undefined || part === undefined) continue;
      // It was never called, since the budget is used up.
      if (!part.log.ended) part.log.append([endWithout("error", startedAt, errorInfo(error))]);
      part.file.release();
    }
    const ends = await Promise.all(parts.map(({ log }) => log.whenEnded()));
    this.#runs.delete(run);
    this.#options.ended(runTotals(run, ends, budget !== undefined));
  }
}

/** An answer whose turn has not come has nothing to call off: it ends at once. */
function endWhenCancelledInLine(log: EventLog, signal: AbortSignal, startedAt: number): void {
  const end = (): void => {
    if (log.lastSeq === 1) log.append([endWithout("cancelled", startedAt)]);
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
}

async function answer({ log, llm, file, abort }: Part, prompt: string, parameters: GenerationParameters, startedAt: number): Promise<void> {
  try {
    if (log.ended) return;
    const source = async (signal: AbortSignal) => [askAboutFile(prompt, await file.read(signal))];
    for await (const events of llm.streamBatches(source, { ...parameters, signal: abort.signal })) log.append(events);
  } catch (error) {
    if (!log.ended) log.append([endWithout("error", startedAt, errorInfo(error))]);
  } finally {
    file.release();
  }
}

/** One file for the answers of several models: read once, when the first of them needs it, and let go after the last. */
class SharedFile {
  readonly #item: GatherItem;
  readonly #readFile: GatherRunsOptions["readFile"];
  readonly #abort = new AbortController();
  #users: number;
  #text: Promise<FileContent> | undefined;

  constructor(item: GatherItem, users: number, readFile: GatherRunsOptions["readFile"]) {
    this.#item = item;
    this.#users = users;
    this.#readFile = readFile;
  }

  /** Rejects with the signal's reason when its reader is cancelled; the reading goes on for the others. */
  async read(signal: AbortSignal) {
    this.#text ??= this.#readFile(this.#item.uri, this.#abort.signal);
    const { text, languageId } = await orAborted(this.#text, signal);
    const { uri, name } = this.#item;
    return { type: "file", uri, name, text, ...(languageId === undefined ? {} : { languageId }) } as const;
  }

  /** To be called once by each user. */
  release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#abort.abort();
    this.#text = undefined;
  }
}
