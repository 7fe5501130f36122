// What the store of conversations has to tell people: that a damaged database was set aside, that a disk takes no write-ahead
// log, that nothing is kept at all. Each is told once, and not again at each reload while it lasts.

import type { Memento } from "vscode";
import { StoreNotice } from "../sidecar/protocol.ts";
import { type Disposable, DisposableStore } from "./dispose.ts";
import type { SidecarClient, SidecarStatus } from "./sidecar-client.ts";

/** `store`: something happened to it; `not-kept`: conversations are in memory only. */
export type StoreNoticeKind = "store" | "not-kept";

export interface StoreNoticesOptions {
  readonly client: SidecarClient;
  /** Of the machine, since all windows share the store. */
  readonly memory: Memento;
  /** `words`: for people, as the sidecar said them. */
  readonly tell: (kind: StoreNoticeKind, words: string) => void;
}

const TOLD = "store.told";

export class StoreNotices implements Disposable {
  readonly #store = new DisposableStore();
  readonly #options: StoreNoticesOptions;

  /** To be made before the sidecar is first started. */
  constructor(options: StoreNoticesOptions) {
    this.#options = options;
    options.client.onNotification(StoreNotice, ({ message }) => options.tell("store", message));
    this.#store.add(options.client.onDidChangeStatus((status) => this.#statusChanged(status)));
  }

  dispose(): void {
    this.#store.dispose();
  }

  #statusChanged(status: SidecarStatus): void {
    const persistence = status.state === "ready" ? status.info?.persistence : undefined;
    if (persistence === undefined) return;
    const { memory, tell } = this.#options;
    const reason = notKept(status);
    const notes = [...(reason === undefined ? [] : [reason]), ...(persistence.notes ?? [])];
    const told = rememberedIn(memory);
    for (const note of notes) if (!told.includes(note)) tell(note === reason ? "not-kept" : "store", note);
    // What is over is forgotten: should it happen again, it is told again.
    if (notes.join("\n") !== told.join("\n")) void memory.update(TOLD, notes.length === 0 ? undefined : notes);
  }
}

/** Why conversations are in memory only, for people; undefined where they are kept, or where it is not known. */
export function notKept({ state, info }: SidecarStatus): string | undefined {
  if (state !== "ready" || info === undefined || info.persistence.available) return undefined;
  return info.persistence.reason ?? "";
}

function rememberedIn(memory: Memento): readonly string[] {
  const value: unknown = memory.get(TOLD);
  return Array.isArray(value) ? value.filter((note): note is string => typeof note === "string") : [];
}
