// `parley gather`: one question about many files, of one model or several.

import type { BigIntStats } from "node:fs";
import { access, constants, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { endWithout } from "../answers/end-without.ts";
import { AnswerFold } from "../answers/fold.ts";
import { totalsOf, type Totals } from "../answers/totals.ts";
import type { GenerateResult, Llm, Prompt } from "../api.ts";
import { gather, type GatherTask } from "../gather.ts";
import type { BudgetLimits } from "../limits/budget.ts";
import { askAboutFile } from "../prompt-text.ts";
import { ProviderError } from "../providers/provider.ts";
import { providerRow } from "../providers/registry.ts";
import type { ErrorInfo, GenerationParameters, ModelRef, StreamEvent } from "../types.ts";
import { writeWholeFile } from "../whole-file.ts";
import { gatherCommand } from "./commands.ts";
import { asCommandError, chooseModel, explain, finishNote, type ExitStatus, type Program } from "./program.ts";
import { beginOrder } from "./gather-order.ts";
import { withPatterns } from "./file-patterns.ts";
import { readFilePart } from "./read-file.ts";
import { reportMarkdown, type ReportItem } from "./report.ts";
import { CommandError, numberOption, parseCommand, single, UsageError, type ParsedArguments } from "./usage.ts";

interface Item {
  readonly file: string;
  readonly llm: Llm;
}

interface ItemResult extends Item {
  readonly result: GenerateResult;
  readonly error?: ErrorInfo;
}

export async function gatherFiles(program: Program, args: readonly string[]): Promise<ExitStatus> {
  const parsed = parseCommand(gatherCommand, args);
  const { prompt, files, repeated, maxOutputTokens, concurrency, budget, report } = await checked(parsed);
  const baseUrl = single(parsed, "base-url");
  const llms = await modelsOf(program, parsed, { baseUrl, concurrency });
  if (budget?.amount !== undefined) await checkPrices(program, llms, baseUrl);
  if (repeated.length > 0) program.terminal.note(`given more than once, and asked about once: ${repeated.join(", ")}.`);
  const items = files.flatMap((file) => llms.map((llm): Item => ({ file, llm })));
  const run = new Run(program, { prompt, maxOutputTokens, json: parsed.flags.has("json"), baseUrl });
  await run.start(items, files, llms);
  const order = beginOrder(
    files.length,
    llms.map(({ ref }) => loaderOf(program, ref, baseUrl)),
  );
  const begun = order.flatMap((place) => items[place] ?? []);
  const tasks = begun.map(
    (item): GatherTask<ItemResult> =>
      () =>
        run.answer(item),
  );
  const { signal } = program.terminal;
  const options = { signal, ...(concurrency === undefined ? {} : { concurrency }), ...(budget === undefined ? {} : { budget }) };
  const results: (ItemResult | undefined)[] = items.map(() => undefined);
  let printed = 0;
  let ended = 0;
  for await (const { index, value, error } of gather(tasks, options)) {
    const item = begun[index];
    const result = error === undefined || item === undefined ? value : await run.notBegun(item, error);
    results[order[index] ?? index] = result;
    ended += 1;
    for (let next = results[printed]; next !== undefined; next = results[++printed]) await run.print(next);
    program.terminal.progress(ended < items.length ? `${ended} of ${items.length} answered` : "");
  }
  // Where the run was stopped, there are answers behind some that never began.
  for (const result of results.slice(printed)) if (result !== undefined) await run.print(result);
  return run.finish(results, items, report);
}

interface Checked {
  readonly prompt: string;
  /** Each once, as it was given first. */
  readonly files: readonly string[];
  /** What was given again, as it was then. */
  readonly repeated: readonly string[];
  readonly maxOutputTokens: number | undefined;
  readonly concurrency: number | undefined;
  readonly budget: BudgetLimits | undefined;
  readonly report: string | undefined;
}

async function checked(parsed: ParsedArguments): Promise<Checked> {
  const prompt = single(parsed, "prompt");
  if (prompt === undefined || prompt.trim() === "") throw new UsageError('What is to be asked about the files? Give --prompt "…".');
  if (parsed.operands.length === 0) throw new UsageError("About which files? Name at least one FILE.");
  const operands = await withPatterns(parsed.operands);
  const report = single(parsed, "report");
  if (report !== undefined) await checkReport(report, operands);
  const maxOutputTokens = numberOption(parsed, "max-output-tokens", 1, Number.MAX_SAFE_INTEGER, true);
  const concurrency = numberOption(parsed, "concurrency", 1, 1000, true);
  return { prompt, ...(await eachOnce(operands)), maxOutputTokens, concurrency, budget: budgetOf(parsed), report };
}

function budgetOf(parsed: ParsedArguments): BudgetLimits | undefined {
  const tokens = numberOption(parsed, "budget-tokens", 1, Number.MAX_SAFE_INTEGER, true);
  const amount = numberOption(parsed, "budget-usd", 0, Number.MAX_SAFE_INTEGER, false);
  const requests = numberOption(parsed, "budget-requests", 1, Number.MAX_SAFE_INTEGER, true);
  return tokens === undefined && amount === undefined && requests === undefined ? undefined : { tokens, amount, requests };
}

/** A limit in money is refused before anything is sent where nobody could say whether it is kept. */
async function checkPrices(program: Program, llms: readonly Llm[], baseUrl: string | undefined): Promise<void> {
  const { engine, terminal } = program;
  for (const { ref } of llms) {
    const asked = engine.priceOf(ref, terminal.signal, baseUrl === undefined ? {} : { baseUrl });
    const quote = await asked.catch((error: unknown) => {
      throw asCommandError(program, error, { baseUrl });
    });
    if (quote !== undefined) continue;
    throw new UsageError(
      `The option --budget-usd cannot be kept: nobody knows what ${ref} costs. Give --budget-tokens or --budget-requests.`,
    );
  }
}

/** What would make the report fail, or do harm, is found before the answers are paid for. */
async function checkReport(report: string, files: readonly string[]): Promise<void> {
  if (report.trim() === "") throw new UsageError("The option --report needs the name of a file; it is empty.");
  const there = await stat(report, { bigint: true }).catch(() => undefined);
  const areSame = await Promise.all(files.map(async (file) => resolve(file) === resolve(report) || isSameFile(there, file)));
  const overwritten = files[areSame.indexOf(true)];
  if (overwritten !== undefined) {
    throw new UsageError(`The report would overwrite ${overwritten}, which is one of the files: give --report another name.`);
  }
  if (there?.isDirectory() === true) throw new UsageError(`The report cannot be written: ${report} is a folder. Name a file in it.`);
  await access(there?.isFile() === false ? report : dirname(resolve(report)), constants.W_OK).catch(() => {
    throw new UsageError(`The report cannot be written: there is no folder ${dirname(resolve(report))} that can be written to.`);
  });
}

/** By whatever name: that of a link, or one in other letters. */
async function isSameFile(one: BigIntStats | undefined, path: string): Promise<boolean> {
  if (one?.isFile() !== true) return false;
  const other = await stat(path, { bigint: true }).catch(() => undefined);
  return other?.dev === one.dev && other.ino === one.ino;
}

/** A file that is named twice, as two patterns of a shell may do, or once by a link, is asked about once. */
async function eachOnce(operands: readonly string[]): Promise<Pick<Checked, "files" | "repeated">> {
  const paths = await Promise.all(operands.map((file) => realpath(file).catch(() => resolve(file))));
  const files = new Map<string, string>();
  const repeated = new Set<string>();
  for (const [index, file] of operands.entries()) {
    const path = paths[index] ?? file;
    if (files.has(path)) repeated.add(file);
    else files.set(path, file);
  }
  return { files: [...files.values()], repeated: [...repeated] };
}

interface EndpointOptions {
  readonly baseUrl: string | undefined;
  readonly concurrency: number | undefined;
}

async function modelsOf(program: Program, parsed: ParsedArguments, { baseUrl, concurrency }: EndpointOptions): Promise<readonly Llm[]> {
  const named = parsed.values.get("model");
  const overrides = { ...(baseUrl === undefined ? {} : { baseUrl }), ...(concurrency === undefined ? {} : { concurrency }) };
  const llms: Llm[] = [];
  for (const ref of new Set(named ?? [undefined])) {
    const { provider, model } = await chooseModel(program, ref, baseUrl);
    llms.push(program.engine.llmAt(provider, model, overrides));
  }
  return llms;
}

/** The server that has to load this model before it answers: one of those that run on somebody's own machine. */
function loaderOf({ engine }: Program, ref: ModelRef, baseUrl: string | undefined): string | undefined {
  const [provider = ""] = ref.split("/");
  const described = engine.describeProvider(provider, baseUrl === undefined ? {} : { baseUrl });
  return described?.runsHere === true || providerRow(provider)?.runsHere === true ? provider : undefined;
}

interface RunOptions {
  readonly prompt: string;
  readonly maxOutputTokens: number | undefined;
  readonly json: boolean;
  readonly baseUrl: string | undefined;
}

class Run {
  readonly #program: Program;
  readonly #prompt: string;
  readonly #parameters: GenerationParameters;
  readonly #json: boolean;
  readonly #baseUrl: string | undefined;
  #severalModels = false;

  constructor(program: Program, { prompt, maxOutputTokens, json, baseUrl }: RunOptions) {
    this.#program = program;
    this.#prompt = prompt;
    this.#parameters = maxOutputTokens === undefined ? {} : { maxOutputTokens };
    this.#json = json;
    this.#baseUrl = baseUrl;
  }

  async start(items: readonly Item[], files: readonly string[], llms: readonly Llm[]): Promise<void> {
    const models = llms.map(({ ref }) => ref);
    this.#severalModels = models.length > 1;
    if (this.#json) await this.#program.terminal.writeJson({ type: "run-start", items: files, models, answers: items.length });
  }

  /** Never rejects: an answer that failed is a result like any other, with the text that had come. */
  async answer(item: Item): Promise<ItemResult> {
    const { signal } = this.#program.terminal;
    const fold = new AnswerFold(item.llm.ref);
    const prompt = async (signal: AbortSignal): Promise<Prompt> => [askAboutFile(this.#prompt, await readFilePart(item.file, signal))];
    for await (const batch of item.llm.streamBatches(prompt, { ...this.#parameters, signal })) {
      fold.add(batch);
      if (this.#json) await this.#printEvents(item, batch);
    }
    return { ...item, result: fold.result(), ...(fold.error === undefined ? {} : { error: fold.error }) };
  }

  /** What the budget left no room for. Throws any other error, which would be a fault of this program. */
  async notBegun(item: Item, error: Error): Promise<ItemResult> {
    if (!(error instanceof ProviderError) || error.providerCode !== "budget-exhausted") throw error;
    const { file, llm } = item;
    const end = endWithout("error", performance.now(), error.info);
    if (this.#json) await this.#program.terminal.writeJson({ ...end, seq: 1, item: file, model: llm.ref });
    return { ...item, result: new AnswerFold(llm.ref).result(), error: error.info };
  }

  async print({ file, llm, result }: ItemResult): Promise<void> {
    if (this.#json || result.content.trim() === "") return;
    await this.#program.terminal.write(`## ${this.#title({ file, llm })}\n\n${result.content.trim()}\n\n`);
  }

  /** `results`: one for each of the items, as far as it began. */
  async finish(results: readonly (ItemResult | undefined)[], items: readonly Item[], report: string | undefined): Promise<ExitStatus> {
    const { terminal } = this.#program;
    const done = results.filter((result) => result !== undefined);
    const complete = done.filter(({ result }) => result.status === "complete");
    const failed = done.filter(({ error }) => error !== undefined);
    const totals = totalsOf(done.map(({ result }) => result));
    this.#tellFailures(failed);
    for (const item of complete) {
      const note = finishNote(item.result.finishReason, item.result.content.trim() !== "");
      if (note !== undefined) terminal.note(`${this.#title(item)}: ${note}`);
    }
    const unwritten = report === undefined ? undefined : await this.#writeReport(report, results, items, totals);
    if (this.#json) {
      const counts = { complete: complete.length, failed: failed.length, cancelled: items.length - complete.length - failed.length };
      await terminal.writeJson({ type: "run-end", ...counts, ...totals });
    }
    if (unwritten !== undefined) throw new CommandError(`The report could not be written: ${unwritten}`);
    if (terminal.stopStatus !== undefined) return terminal.stopStatus;
    return failed.length > 0 ? 1 : 0;
  }

  /** Resolves with why it could not be written: the run still ends with its totals. */
  async #writeReport(
    path: string,
    results: readonly (ItemResult | undefined)[],
    items: readonly Item[],
    totals: Totals,
  ): Promise<string | undefined> {
    const models = [...new Set(items.map(({ llm }) => llm.ref))];
    const sections = items.map((item, index) => reportItem(item, results[index]));
    try {
      await writeWholeFile(path, reportMarkdown({ prompt: this.#prompt, models, items: sections, totals }));
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #title({ file, llm }: Item): string {
    return this.#severalModels ? `${file} (${llm.ref})` : file;
  }

  async #printEvents({ file, llm }: Item, events: readonly StreamEvent[]): Promise<void> {
    await this.#program.terminal.writeJson(...events.map((event) => ({ ...event, item: file, model: llm.ref })));
  }

  /** What failed in the same way is told once: a missing key fails a hundred files. */
  #tellFailures(failed: readonly ItemResult[]): void {
    const groups = Map.groupBy(failed, ({ error }) => `${error?.kind} ${error?.message}`);
    for (const group of groups.values()) {
      const [first] = group;
      if (first?.error === undefined) continue;
      const others = group.length - 1;
      const about = `${this.#title(first)}${others === 0 ? "" : ` and ${others} more`}`;
      explain(this.#program, first.error, { about, baseUrl: this.#baseUrl });
    }
  }
}

function reportItem({ file, llm }: Item, done: ItemResult | undefined): ReportItem {
  const problem = done === undefined || done.result.status === "cancelled" ? "cancelled" : done.error?.message;
  return { item: file, model: llm.ref, content: done?.result.content ?? "", ...(problem === undefined ? {} : { problem }) };
}
