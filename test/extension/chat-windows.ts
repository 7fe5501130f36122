// Windows of the editor that share a machine: the chat with the real sidecar, run from its sources, and a provider over real
// HTTP; only the editor and the page are played.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Memento } from "vscode";
import { Chat } from "../../extension/chat/chat.ts";
import type { ChatActions } from "../../extension/chat/chat-actions.ts";
import { ChatMemory } from "../../extension/chat/chat-memory.ts";
import { requestFailure } from "../../extension/client/request-failure.ts";
import { StreamReaders } from "../../extension/client/stream-readers.ts";
import { Emitter } from "../../extension/event.ts";
import { ModelChoice } from "../../extension/models/model-choice.ts";
import { ModelDirectory } from "../../extension/models/model-directory.ts";
import { SidecarClient } from "../../extension/sidecar-client.ts";
import type { FailureWords } from "../../media/protocol.ts";
import { productVersion } from "../../sidecar/product-version.ts";
import { PROTOCOL_VERSION } from "../../sidecar/protocol.ts";
import { FakeChatPage } from "../support/fake-chat-page.ts";
import { FakeProvider } from "../support/fake-provider.ts";

export const LIMIT = { timeout: 120_000 };

export function memory(): Memento {
  const kept = new Map<string, unknown>();
  return {
    keys: () => Array.from(kept.keys()),
    get: (key: string) => kept.get(key),
    update: async (key, value) => void kept.set(key, value),
  } as Memento;
}

/** As much of the words as these tests look at. */
function words(error: unknown): FailureWords {
  const info = requestFailure(error)?.error ?? error;
  const kind: unknown = typeof info === "object" && info !== null && "kind" in info ? info.kind : requestFailure(error)?.code;
  return { summary: String(kind ?? (error instanceof Error ? error.name : error)), advice: "", actions: [] };
}

interface Window {
  readonly chat: Chat;
  readonly client: SidecarClient;
  readonly choice: ModelChoice;
  readonly memory: ChatMemory;
  readonly done: string[];
  readonly end: () => Promise<void>;
}

interface Machine {
  readonly fake: FakeProvider;
  readonly storeFolder: string;
  /** A window of the editor; all share the store. The same `remembered` is the same window after a reload. */
  readonly open: (remembered?: Memento) => Window;
}

export async function machine(t: TestContext): Promise<Machine> {
  const fake = await FakeProvider.start();
  const storeFolder = await mkdtemp(join(tmpdir(), "parley-chat-"));
  const windows: Window[] = [];
  const machineMemory = memory();
  t.after(async () => {
    await Promise.all(windows.map((window) => window.end()));
    await fake.close();
    await rm(storeFolder, { recursive: true, force: true });
  });
  const open = (remembered = memory()): Window => {
    const done: string[] = [];
    const client = new SidecarClient({
      executable: process.execPath,
      bundle: fileURLToPath(new URL("../../sidecar/main.ts", import.meta.url)),
      environment: {},
      log: { info: () => {}, warn: () => {}, error: () => {}, sidecar: () => {} },
      initialize: () => ({
        protocolVersion: PROTOCOL_VERSION,
        client: { name: "test", version: productVersion() },
        parentPid: process.pid,
        storeFolder,
        settings: { providers: { fake: { baseUrl: fake.baseUrl("openai-chat") } }, concurrency: 4, localModels: [] },
      }),
    });
    const actions: ChatActions = {
      copy: (text) => done.push(`copy ${text}`),
      openLink: (url) => done.push(`open ${url}`),
      openFile: (uri, from, to) => done.push(`show ${uri} ${from} ${to}`),
      pickModel: () => done.push("pick model"),
      pickConversation: () => done.push("pick conversation"),
      perform: (action, provider) => done.push(`${action} ${provider}`),
      report: (error) => done.push(`failed: ${words(error).summary}`),
    };
    const choice = new ModelChoice(
      client,
      { model: "fake/fake-model", onDidChangeModel: new Emitter<string | null>().event },
      remembered,
      machineMemory,
    );
    const directory = new ModelDirectory(client);
    const chat = new Chat({
      client,
      readers: new StreamReaders(client),
      choice,
      directory,
      memory: new ChatMemory(remembered),
      actions,
      words,
    });
    const window: Window = { chat, client, choice, memory: new ChatMemory(remembered), done, end: () => client.stop() };
    windows.push(window);
    return window;
  };
  return { fake, storeFolder, open };
}

export function page(chat: Chat, options?: { readonly applies: boolean }): FakeChatPage {
  const it = new FakeChatPage(options);
  chat.attach(it);
  it.send({ type: "ready" });
  return it;
}
