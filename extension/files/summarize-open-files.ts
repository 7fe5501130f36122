// *Summarize Open Files*: all open files at once, each answer under its own heading of one document.

import * as vscode from "vscode";
import type { FailureWords } from "../../media/protocol.ts";
import { CancelGather, type GatherStream, StartGather } from "../../sidecar/protocol.ts";
import type { StatusPhase } from "../../sidecar/types.ts";
import type { StreamReader, StreamReaders } from "../client/stream-readers.ts";
import type { ModelChoice } from "../models/model-choice.ts";
import { NoModel } from "../models/no-model.ts";
import { withProgress } from "../progress.ts";
import { builtInPrompts } from "../prompts/built-in-prompts.ts";
import type { SidecarClient } from "../sidecar-client.ts";
import { openFiles } from "./open-files.ts";
import type { ResultFiles } from "./result-files.ts";
import { ResultText, type ResultWords } from "./result-text.ts";
import { tabContents } from "./tabs.ts";

export interface SummarizeOptions {
  readonly client: SidecarClient;
  readonly readers: StreamReaders;
  readonly choice: ModelChoice;
  readonly results: ResultFiles;
  readonly words: (error: unknown) => FailureWords;
}

/** Resolves when every file has its summary, or the reason why not. Rejects where the run could not be started at all. */
export async function summarizeOpenFiles(options: SummarizeOptions): Promise<void> {
  const items = openFiles(tabContents()).map((uri, index) => ({ item: String(index + 1), uri, name: nameOf(uri) }));
  if (items.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("No file is open that could be summarized. Open some first."));
    return;
  }
  const { client, choice, results } = options;
  const model = await choice.forNewChat();
  if (model === null) throw new NoModel();
  const { run, streams } = await client.request(StartGather, { items, prompt: builtInPrompts.summarizeFile, models: [model] });
  choice.used(model);

  const text = new ResultText(items, resultWords(items.length, options.words));
  const file = results.create(`${documentName(items.length)}.md`, new Date());
  const update = (): void => file.update(text.markdown);
  try {
    update();
    await vscode.window.showTextDocument(file.uri, { preview: false });
    await withProgress(vscode.l10n.t("Summarizing open files"), async ({ report, token }) => {
      const listener = token.onCancellationRequested(() => {
        // Where the run cannot be found, it has ended already.
        client.request(CancelGather, { run }).catch(() => {});
      });
      let done = 0;
      const ended = (): void => {
        done += 1;
        report({ message: vscode.l10n.t("{0} of {1}", done, items.length), increment: 100 / items.length });
      };
      try {
        await Promise.all(streams.map((stream) => readInto(text, stream, options, update).then(ended)));
      } finally {
        listener.dispose();
      }
    });
  } finally {
    file.dispose();
  }
  void tellEnd(text, items.length, file.uri);
}

/** Resolves when the stream has ended, however. */
function readInto(
  text: ResultText,
  { item, ...stream }: GatherStream,
  { readers, words }: SummarizeOptions,
  update: () => void,
): Promise<void> {
  return new Promise((resolve) => {
    const reader: StreamReader = readers.open({ stream: stream.stream, epoch: stream.epoch }, 0, {
      events: (events) => {
        text.apply(item, events);
        update();
        const last = events.at(-1);
        if (last === undefined) return;
        reader.acknowledge(last.seq);
        if (last.type !== "end") return;
        reader.dispose();
        resolve();
      },
      gone: (reason) => {
        text.fail(item, words(reason));
        update();
        resolve();
      },
    });
  });
}

async function tellEnd(text: ResultText, total: number, uri: vscode.Uri): Promise<void> {
  const failed = text.count("failed");
  const cancelled = text.count("cancelled");
  const save = vscode.l10n.t("Save…");
  const parts = [
    vscode.l10n.t("{0} of {1} files summarized.", text.count("complete"), total),
    ...(failed > 0 ? [vscode.l10n.t("{0} failed: the document says why.", failed)] : []),
    ...(cancelled > 0 ? [vscode.l10n.t("{0} cancelled.", cancelled)] : []),
  ];
  const show = failed > 0 ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
  if ((await show(parts.join(" "), save)) === save) await vscode.commands.executeCommand("parley.saveResult", uri);
}

/** Short, and different for files of the same name in different folders. */
function nameOf(address: string): string {
  return vscode.workspace.asRelativePath(vscode.Uri.parse(address));
}

function documentName(files: number): string {
  return files === 1 ? vscode.l10n.t("Summary of 1 open file") : vscode.l10n.t("Summary of {0} open files", files);
}

function resultWords(files: number, words: (error: unknown) => FailureWords): ResultWords {
  const phases: { readonly [phase in StatusPhase]: string } = {
    queued: vscode.l10n.t("Waiting for its turn…"),
    "waiting-for-limit": vscode.l10n.t("Waiting for the provider's limit…"),
    connecting: vscode.l10n.t("Asking…"),
    retrying: vscode.l10n.t("Trying again…"),
    "loading-model": vscode.l10n.t("Loading the model…"),
    "processing-prompt": vscode.l10n.t("Reading…"),
    summarizing: vscode.l10n.t("Summarizing earlier messages…"),
  };
  return {
    title: documentName(files),
    phases,
    cancelled: vscode.l10n.t("Cancelled."),
    empty: vscode.l10n.t("The model answered nothing."),
    cutByLength: vscode.l10n.t("The answer was cut: it reached the model's limit."),
    failure: ({ error }) => words(error),
  };
}
