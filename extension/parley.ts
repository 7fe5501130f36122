// The working half of the extension, loaded when the view is first opened or the first command chosen: everything that needs
// the sidecar, put together.

import * as vscode from "vscode";
import type { FailureAction, FailureWords } from "../media/protocol.ts";
import { ListModels, PROTOCOL_VERSION } from "../sidecar/protocol.ts";
import type { ModelRef } from "../sidecar/types.ts";
import { exportConversation, type ArchiveParts } from "./archive/export-conversation.ts";
import { copyStorePath, deleteAllHistory, deleteOldConversations } from "./archive/history.ts";
import { importConversations } from "./archive/import-conversations.ts";
import { Chat } from "./chat/chat.ts";
import type { ChatActions } from "./chat/chat-actions.ts";
import { ChatMemory } from "./chat/chat-memory.ts";
import { WindowFile } from "./chat/window-file.ts";
import type { ChatPort } from "./chat/chat-port.ts";
import { pickConversation } from "./chat/conversation-picker.ts";
import { openFile, openLink } from "./chat/editor-actions.ts";
import { searchConversations } from "./chat/search-conversations.ts";
import { SidecarUnavailable, isCancelled } from "./client/request-failure.ts";
import { debuggerFlags, sidecarEnvironment } from "./client/sidecar-environment.ts";
import { StreamReaders } from "./client/stream-readers.ts";
import type { CommandHandlers } from "./commands.ts";
import { type Disposable, DisposableStore } from "./dispose.ts";
import { showFailure } from "./failure-notice.ts";
import { failureWords } from "./failure-words.ts";
import { offerFiles } from "./files/file-requests.ts";
import type { ResultFiles } from "./files/result-files.ts";
import { saveResult } from "./files/save-result.ts";
import { summarizeOpenFiles } from "./files/summarize-open-files.ts";
import { KeyHandover } from "./keys/key-handover.ts";
import { setApiKey } from "./keys/set-api-key.ts";
import type { Log } from "./log.ts";
import { showMenu } from "./menu.ts";
import { addServer } from "./models/add-server.ts";
import { offerEditorModels } from "./models/editor-models.ts";
import { ModelChoice } from "./models/model-choice.ts";
import { ModelDirectory } from "./models/model-directory.ts";
import { pickModel } from "./models/model-picker.ts";
import { openModelFile } from "./models/open-model-file.ts";
import { NothingSelected } from "./prompts/selection.ts";
import { askAboutSelection, explainSelection } from "./prompts/selection-prompts.ts";
import { Secrets } from "./secrets.ts";
import { SettingsSync } from "./settings-sync.ts";
import type { Settings } from "./settings.ts";
import { SidecarClient } from "./sidecar-client.ts";
import type { StatusBar } from "./status-bar.ts";
import { StoreNotices } from "./store-notices.ts";
import { warnOfStore } from "./store-warning.ts";

/** What exists from the activation on. */
export interface Foundation {
  readonly context: vscode.ExtensionContext;
  readonly log: Log;
  readonly settings: Settings;
  readonly statusBar: StatusBar;
  readonly results: ResultFiles;
}

export class Parley implements Disposable {
  readonly #store = new DisposableStore();
  readonly #foundation: Foundation;
  readonly #secrets: Secrets;
  readonly #handover: KeyHandover;
  readonly #client: SidecarClient;
  readonly #settingsSync: SettingsSync;
  readonly #readers: StreamReaders;
  readonly #directory: ModelDirectory;
  readonly #choice: ModelChoice;
  readonly #chat: Chat;
  /** The notification that the sidecar does not run any more; one is enough. */
  #failedNotice: Promise<void> | null = null;

  readonly commands: CommandHandlers;

  constructor(foundation: Foundation) {
    const { context, log, settings } = foundation;
    this.#foundation = foundation;
    this.#secrets = this.#store.add(new Secrets(context.secrets, context.globalState, process.env));
    this.#handover = this.#store.add(new KeyHandover(this.#secrets, log));
    this.#client = this.#store.add(this.#createClient());
    this.#settingsSync = this.#store.add(new SettingsSync(this.#client, settings, log));
    this.#readers = this.#store.add(new StreamReaders(this.#client));
    this.#store.add(this.#tellOfStore());
    offerFiles(this.#client);
    offerEditorModels(this.#client, context.languageModelAccessInformation);
    this.#directory = new ModelDirectory(this.#client);
    this.#choice = this.#store.add(new ModelChoice(this.#client, settings, context.workspaceState, context.globalState));
    this.#chat = this.#store.add(
      new Chat({
        client: this.#client,
        readers: this.#readers,
        choice: this.#choice,
        directory: this.#directory,
        memory: new ChatMemory(new WindowFile(windowFile(context))),
        actions: this.#chatActions(),
        words: this.#words,
      }),
    );
    this.#store.add(this.#client.onDidChangeStatus(() => this.#statusChanged()));
    this.#store.add(this.#chat.onDidShowModel((model) => foundation.statusBar.showModel(model?.name ?? "")));
    this.commands = this.#createCommands();
  }

  attach(port: ChatPort): void {
    this.#chat.attach(port);
  }

  /** Resolves when the sidecar is gone. */
  stop(): Promise<void> {
    return this.#client.stop();
  }

  dispose(): void {
    this.#store.dispose();
  }

  #createClient(): SidecarClient {
    const { context, log } = this.#foundation;
    const version = String(Reflect.get(Object(context.extension.packageJSON), "version"));
    const storage = context.globalStorageUri.scheme === "file" ? context.globalStorageUri.fsPath : null;
    const flags = context.extensionMode === vscode.ExtensionMode.Development ? debuggerFlags(process.env) : [];
    return new SidecarClient({
      executable: process.execPath,
      flags,
      ...(flags.length > 0 && { healthStepMs: null }),
      bundle: context.asAbsolutePath("dist/sidecar.mjs"),
      environment: sidecarEnvironment(process.env, storage),
      log,
      trace: log.messages,
      initialize: () => ({
        protocolVersion: PROTOCOL_VERSION,
        client: { name: "vscode", version },
        parentPid: process.pid,
        storeFolder: storage,
        settings: this.#settingsSync.settingsForStart(),
      }),
      prepare: (sidecar) => this.#handover.prepare(sidecar),
    });
  }

  #tellOfStore(): StoreNotices {
    const { context } = this.#foundation;
    return new StoreNotices({
      client: this.#client,
      memory: context.globalState,
      tell: (kind, words) =>
        void warnOfStore(kind, words, context.globalStorageUri).then(undefined, (error: unknown) => this.#report(error)),
    });
  }

  #createCommands(): CommandHandlers {
    const { log, results } = this.#foundation;
    const guarded =
      (run: (...args: readonly unknown[]) => Promise<unknown>) =>
      async (...args: readonly unknown[]) => {
        try {
          await run(...args);
        } catch (error) {
          this.#report(error);
        }
      };
    return {
      "parley.openChat": guarded(() => this.#openChat()),
      "parley.newChat": guarded(async () => {
        await this.#chat.open(null);
        await this.#openChat();
      }),
      "parley.openConversation": guarded(async () => {
        await pickConversation(this.#client, this.#chat, (error) => this.#report(error));
        await this.#openChat();
      }),
      "parley.searchConversations": guarded(async () => {
        if (await searchConversations(this.#client, this.#chat)) await this.#openChat();
      }),
      "parley.exportConversation": guarded((target) => exportConversation(this.#archive(), target)),
      "parley.importConversation": guarded(async (source) => {
        if (await importConversations({ ...this.#archive(), report: (error) => this.#report(error) }, source)) await this.#openChat();
      }),
      "parley.copyStorePath": guarded(() => copyStorePath(this.#archive())),
      "parley.deleteOldConversations": guarded(() => deleteOldConversations(this.#archive())),
      "parley.deleteAllHistory": guarded(() => deleteAllHistory(this.#archive())),
      "parley.selectModel": guarded(() => this.#selectModel()),
      "parley.addServer": guarded(() => this.#addServer()),
      "parley.setApiKey": guarded(() => this.#setApiKey()),
      "parley.explainSelection": guarded(() => explainSelection(this.#chat)),
      "parley.askAboutSelection": guarded(() => askAboutSelection(this.#chat)),
      "parley.summarizeOpenFiles": guarded(() =>
        summarizeOpenFiles({ client: this.#client, readers: this.#readers, choice: this.#choice, results, words: this.#words }),
      ),
      "parley.saveResult": guarded(saveResult),
      "parley.showLog": () => log.show(),
      "parley.restartSidecar": guarded(() => this.#client.restart()),
      "parley.showMenu": guarded(() => showMenu(this.#client.status)),
    };
  }

  #archive(): ArchiveParts {
    return { client: this.#client, chat: this.#chat, storage: this.#foundation.context.globalStorageUri };
  }

  #chatActions(): ChatActions {
    const guarded = (work: Thenable<unknown>): void => void work.then(undefined, (error: unknown) => this.#report(error));
    return {
      copy: (text) => guarded(vscode.env.clipboard.writeText(text)),
      openLink: (url) => guarded(openLink(url)),
      openFile: (uri, startLine, endLine) => guarded(openFile(uri, startLine, endLine)),
      pickModel: () => guarded(this.#selectModel()),
      pickConversation: () => guarded(pickConversation(this.#client, this.#chat, (error) => this.#report(error))),
      perform: (action, provider) => guarded(this.#perform(action, provider)),
      report: (error) => this.#report(error),
    };
  }

  readonly #perform = async (action: FailureAction, provider?: string): Promise<void> => {
    switch (action) {
      case "continue":
      case "retry":
        return;
      case "set-key":
        return this.#setApiKey(provider);
      case "pick-model":
        return this.#selectModel();
      case "add-server":
        return this.#addServer();
      case "open-settings":
        await vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${this.#foundation.context.extension.id}`);
        return;
      case "show-log":
        this.#foundation.log.show();
        return;
      case "restart":
        return this.#client.restart();
    }
  };

  async #openChat(): Promise<void> {
    await vscode.commands.executeCommand("parley.chat.focus");
    this.#chat.reveal();
  }

  async #selectModel(): Promise<void> {
    const chosen = this.#chat.model ?? (await this.#choice.forNewChat());
    await pickModel(
      {
        directory: this.#directory,
        secrets: this.#secrets,
        words: this.#words,
        use: (ref) => this.#choice.pick(ref),
        openFile: async () => this.#useIfChosen(await openModelFile(this.#foundation.settings)),
        addServer: () => this.#addServer(),
        perform: this.#perform,
      },
      chosen,
    );
  }

  async #addServer(): Promise<void> {
    const ref = await addServer({
      client: this.#client,
      directory: this.#directory,
      settings: this.#foundation.settings,
      secrets: this.#secrets,
      handover: this.#handover,
    });
    this.#useIfChosen(ref);
  }

  #useIfChosen(ref: ModelRef | undefined): void {
    if (ref !== undefined) this.#choice.pick(ref);
  }

  /** A key that does not work is told at once, and not at the next question. */
  async #setApiKey(wanted?: string): Promise<void> {
    const provider = await setApiKey({ directory: this.#directory, secrets: this.#secrets, handover: this.#handover }, wanted);
    if (provider === undefined) return;
    const { failures } = await this.#client.request(ListModels, { provider: provider.id, refresh: true });
    const [failure] = failures;
    if (failure !== undefined) this.#report(failure.error);
    else void vscode.window.showInformationMessage(vscode.l10n.t("{0} answers. Choose a model to use it.", provider.name));
  }

  readonly #words = (error: unknown): FailureWords => failureWords(error, (id) => this.#directory.knownProvider(id));

  #report(error: unknown): void {
    if (isCancelled(error)) return;
    if (error instanceof NothingSelected) {
      void vscode.window.showInformationMessage(error.message);
      return;
    }
    if (error instanceof SidecarUnavailable && error.unavailable === "failed" && this.#failedNotice !== null) return;
    this.#foundation.log.warn(error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error));
    void showFailure(this.#words(error), this.#perform);
  }

  #statusChanged(): void {
    const { status } = this.#client;
    this.#foundation.statusBar.showStatus(status);
    if (status.state === "ready") void this.#chat.showModel();
    if (status.state !== "failed") return;
    const words = this.#words(new SidecarUnavailable("failed", status.reason ?? "", { crashes: status.crashes }));
    this.#failedNotice ??= showFailure(words, this.#perform).finally(() => {
      this.#failedNotice = null;
    });
  }
}

/** Of the folder that is open, or of all windows without one. */
function windowFile({ storageUri, globalStorageUri }: vscode.ExtensionContext): string {
  return vscode.Uri.joinPath(storageUri ?? globalStorageUri, "chat.json").fsPath;
}
