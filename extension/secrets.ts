// The only reader of SecretStorage, and of keys in the environment. A key belongs to one provider and one origin
// (`https://api.openai.com`): it was entered for that address and is handed over for that address alone.

import type { Memento, SecretStorage } from "vscode";
import type { ProviderInfo } from "../sidecar/types.ts";
import { type Disposable, DisposableStore } from "./dispose.ts";
import { Emitter } from "./event.ts";

export interface KeyPlace {
  readonly provider: string;
  readonly origin: string;
}

/** A key that the sidecar may use. */
export interface KeyGrant extends KeyPlace {
  readonly key: string;
}

/** What a person is shown of a provider's key. */
export interface KeyState {
  /** Kept in the secret storage. */
  readonly kept: boolean;
  /** The first of the provider's usual variables that is set, and whether its use was allowed. */
  readonly variable: KeyVariable | null;
}

export interface KeyVariable {
  readonly name: string;
  readonly allowed: boolean;
  /**
   * Where the environment names another address for the provider, such as a gateway's, beside the key: the key was put there for
   * that address. It is not to be offered for this one, and an earlier yes does not count.
   */
  readonly meantFor?: MeantFor;
}

export interface MeantFor {
  /** That holds the address. */
  readonly variable: string;
  readonly origin: string;
}

type Variables = Pick<ProviderInfo, "keyVariables" | "addressVariables">;

interface Permission extends KeyPlace {
  readonly variable: string;
  /** Of the provider: it is not known any more where the key is read. */
  readonly addressVariables: readonly string[];
}

const PERMISSIONS = "keys.fromEnvironment";

export class Secrets implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<void>());
  readonly #storage: SecretStorage;
  readonly #memory: Memento;
  readonly #environment: NodeJS.ProcessEnv;

  /** A key was entered, removed, allowed or forbidden, here or (kept ones) in another window. */
  readonly onDidChange = this.#changed.event;

  constructor(storage: SecretStorage, memory: Memento, environment: NodeJS.ProcessEnv) {
    this.#storage = storage;
    this.#memory = memory;
    this.#environment = environment;
    this.#store.add(storage.onDidChange(() => this.#changed.fire()));
  }

  async keep(place: KeyPlace, key: string): Promise<void> {
    await this.#storage.store(nameOf(place), key);
  }

  /** The key that was entered for this place, if one was. */
  async keptFor(place: KeyPlace): Promise<string | undefined> {
    return this.#storage.get(nameOf(place));
  }

  async remove(place: KeyPlace): Promise<void> {
    await this.#storage.delete(nameOf(place));
  }

  async state({ keyVariables, addressVariables }: Variables, place: KeyPlace): Promise<KeyState> {
    const kept = (await this.#storage.get(nameOf(place))) !== undefined;
    const name = keyVariables.find((variable) => this.#read(variable) !== undefined);
    if (name === undefined) return { kept, variable: null };
    const meantFor = this.#meantFor(addressVariables, place.origin);
    if (meantFor !== undefined) return { kept, variable: { name, allowed: false, meantFor } };
    return { kept, variable: { name, allowed: this.#permissions().some((it) => isSame(it, place, name)) } };
  }

  /** Remembered until `forbid`, on this machine. */
  async allow(place: KeyPlace, variable: string, { addressVariables }: Pick<Variables, "addressVariables">): Promise<void> {
    const others = this.#permissions().filter((it) => !isSame(it, place, variable));
    await this.#memory.update(PERMISSIONS, [...others, { ...place, variable, addressVariables }]);
    this.#changed.fire();
  }

  async forbid(place: KeyPlace, variable: string): Promise<void> {
    await this.#memory.update(
      PERMISSIONS,
      this.#permissions().filter((it) => !isSame(it, place, variable)),
    );
    this.#changed.fire();
  }

  /** All keys that may be used now. One that was entered wins over one from the environment. */
  async grants(): Promise<readonly KeyGrant[]> {
    const grants = new Map<string, KeyGrant>();
    for (const { provider, origin, variable, addressVariables } of this.#permissions()) {
      const key = this.#meantFor(addressVariables, origin) === undefined ? this.#read(variable) : undefined;
      if (key !== undefined) grants.set(nameOf({ provider, origin }), { provider, origin, key });
    }
    for (const name of await this.#storage.keys()) {
      const place = placeOf(name);
      const key = place === undefined ? undefined : await this.#storage.get(name);
      if (place !== undefined && key !== undefined) grants.set(name, { ...place, key });
    }
    return Array.from(grants.values());
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** The first address that is set; undefined where there is none, or it is at this origin. */
  #meantFor(addressVariables: readonly string[], origin: string): MeantFor | undefined {
    for (const variable of addressVariables) {
      const value = this.#read(variable);
      const other = value === undefined ? undefined : originOf(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
      if (other !== undefined) return other === origin ? undefined : { variable, origin: other };
    }
    return undefined;
  }

  #read(variable: string): string | undefined {
    const value = this.#environment[variable]?.trim();
    return value === "" ? undefined : value;
  }

  #permissions(): readonly Permission[] {
    const value: unknown = this.#memory.get(PERMISSIONS);
    return Array.isArray(value) ? value.flatMap(asPermission) : [];
  }
}

/** The origin that a key for this address belongs to; undefined where the address is none. */
export function originOf(baseUrl: string): string | undefined {
  const url = URL.parse(baseUrl);
  return url === null || (url.protocol !== "http:" && url.protocol !== "https:") ? undefined : url.origin;
}

/** A space separates them: neither an id nor an origin can hold one. */
function nameOf({ provider, origin }: KeyPlace): string {
  return `key ${provider} ${origin}`;
}

function placeOf(name: string): KeyPlace | undefined {
  const [kind, provider, origin, ...rest] = name.split(" ");
  if (kind !== "key" || provider === undefined || origin === undefined || rest.length > 0) return undefined;
  return { provider, origin };
}

function isSame(one: Permission, { provider, origin }: KeyPlace, variable: string): boolean {
  return one.provider === provider && one.origin === origin && one.variable === variable;
}

/** What the memory holds, which can be anything: none or one. */
function asPermission(value: unknown): readonly Permission[] {
  if (typeof value !== "object" || value === null) return [];
  const field = (name: string): unknown => Reflect.get(value, name);
  const [provider, origin, variable, addresses] = [field("provider"), field("origin"), field("variable"), field("addressVariables")];
  if (typeof provider !== "string" || typeof origin !== "string" || typeof variable !== "string") return [];
  const addressVariables = Array.isArray(addresses) ? addresses.filter((name) => typeof name === "string") : [];
  return [{ provider, origin, variable, addressVariables }];
}
