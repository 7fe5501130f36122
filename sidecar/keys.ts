// Keys in memory, each bound to one provider and one origin: a changed base URL, or a redirect, finds no key of another's.

import { invalidRequest } from "./answers/answer-error.ts";

/** Addresses whose origin is remembered, since each request asks for its own. */
const REMEMBERED = 256;

export class KeyRing {
  readonly #keys = new Map<string, string>();
  readonly #origins = new Map<string, string>();

  /**
   * Holds a key for a provider at the origin of `address` (a base URL or an origin alone); null forgets it.
   * Throws a `ProviderError` for an address that is none, and for a key that no header can carry.
   */
  set(provider: string, address: string, key: string | null): void {
    const place = this.#placeOf(provider, address);
    if (key === null) this.#keys.delete(place);
    else this.#keys.set(place, usableKey(key));
  }

  /** The key to be sent to this base URL, if one was entered for its origin. */
  get(provider: string, baseUrl: string): string | undefined {
    return this.#keys.get(this.#placeOf(provider, baseUrl));
  }

  #placeOf(provider: string, address: string): string {
    return `${provider} ${this.#origins.get(address) ?? this.#originOf(address)}`;
  }

  #originOf(address: string): string {
    const url = URL.parse(address);
    if (url === null || url.origin === "null") throw invalidRequest("invalid-base-url", `"${address}" is no web address.`);
    if (this.#origins.size >= REMEMBERED) this.#origins.clear();
    this.#origins.set(address, url.origin);
    return url.origin;
  }
}

/** Without the blanks that copying brings along. Says what is wrong without saying the key. */
export function usableKey(key: string): string {
  const trimmed = key.trim();
  if (trimmed === "") throw invalidRequest("invalid-key", "The key is empty.");
  // RFC 9110 allows more, but no provider's key holds it, and a line break or an invisible character is a slip of copying.
  if (!/^[\x21-\x7e]+$/u.test(trimmed)) {
    throw invalidRequest("invalid-key", "The key holds a blank, a line break or a character that keys do not have: copy it again.");
  }
  return trimmed;
}
