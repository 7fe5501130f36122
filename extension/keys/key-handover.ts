// Tells the sidecar the keys that it may use: all of them after each start, then what changes. They travel over the pipe and
// live in the sidecar's memory alone.

import { SetKey } from "../../sidecar/protocol.ts";
import type { SidecarProcess } from "../client/sidecar-process.ts";
import { type Disposable, DisposableStore } from "../dispose.ts";
import type { KeyGrant, Secrets } from "../secrets.ts";

export interface KeyLog {
  warn(message: string): void;
  /** Takes this text out of every line from now on. */
  hide(secret: string): void;
}

export class KeyHandover implements Disposable {
  readonly #store = new DisposableStore();
  readonly #secrets: Secrets;
  readonly #log: KeyLog;
  #sidecar: SidecarProcess | null = null;
  /** What the sidecar of now was told. */
  #told: readonly KeyGrant[] = [];
  /** One after the other, so that the last state is the one that stays. */
  #work: Promise<void> = Promise.resolve();

  constructor(secrets: Secrets, log: KeyLog) {
    this.#secrets = secrets;
    this.#log = log;
    this.#store.add(secrets.onDidChange(() => void this.sync()));
  }

  /** Tells a new sidecar all keys; resolves when it has them, so that the first request finds its key. Never rejects. */
  async prepare(sidecar: SidecarProcess): Promise<void> {
    await this.#work;
    this.#sidecar = sidecar;
    this.#told = [];
    await this.sync();
  }

  /** Resolves when the sidecar knows what the secrets say now, or there is none. Never rejects. */
  sync(): Promise<void> {
    this.#work = this.#work
      .then(() => this.#tell())
      .catch((error: unknown) => this.#log.warn(`The kept keys could not be read: ${describe(error)}`));
    return this.#work;
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #tell(): Promise<void> {
    const sidecar = this.#sidecar;
    if (sidecar === null) return;
    const grants = await this.#secrets.grants();
    const gone = this.#told.filter((told) => !grants.some((grant) => isSamePlace(grant, told)));
    const changed = grants.filter((grant) => !this.#told.some((told) => isSamePlace(grant, told) && grant.key === told.key));
    this.#told = grants;
    for (const { provider, origin } of gone) await this.#set(sidecar, provider, origin, null);
    for (const { provider, origin, key } of changed) {
      this.#log.hide(key);
      await this.#set(sidecar, provider, origin, key);
    }
  }

  async #set(sidecar: SidecarProcess, provider: string, origin: string, key: string | null): Promise<void> {
    try {
      await sidecar.request(SetKey, { provider, origin, key });
    } catch (error) {
      // One key that cannot be used must not keep the sidecar from starting; the request that wants it says so.
      this.#log.warn(`The key of ${provider} for ${origin} was not taken: ${describe(error)}`);
    }
  }
}

function isSamePlace(one: KeyGrant, other: KeyGrant): boolean {
  return one.provider === other.provider && one.origin === other.origin;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
