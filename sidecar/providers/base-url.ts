// Addresses as users and environments write them, made into URLs that can be called.

import { keyInQuery } from "../settings.ts";
import { ProviderError } from "./provider.ts";
import type { ProviderRow } from "./registry.ts";

/** Endpoints that people paste whole although only what is before them is meant. */
const ENDPOINT_TAILS = /\/(chat\/completions|completions|responses|messages|models|api\/chat|api\/tags)$/u;

/** What is an address without its scheme: a host with a port or a dot in it, an IPv6 address, this machine. */
const HOST_ALONE = /^(localhost|\[[^\]]+\]|[^/?#:]*\.[^/?#:]*|[^/?#:]+(?=:\d))(:\d+)?([/?#]|$)/iu;

/**
 * A provider's base URL, without a slash at the end of its path. Its query goes with every request (Azure's `api-version`).
 * `http://` is added where no scheme is given and what stands there can only be a host: a single word is more likely a slip. A
 * bare host gets the path that the provider's servers have (`/v1`), since nearly every address that people are told is without it.
 * Throws `ProviderError` with code `invalid-base-url`.
 */
export function parseBaseUrl(row: ProviderRow, text: string): URL {
  const trimmed = text.trim();
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//iu.test(trimmed);
  const withScheme = hasScheme ? trimmed : `http://${trimmed}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : null;
  if (url === null || trimmed === "") throw badBaseUrl(row, text, "it is no web address");
  if (url.protocol !== "http:" && url.protocol !== "https:") throw badBaseUrl(row, text, "it must begin with http:// or https://");
  if (url.username !== "" || url.password !== "") throw holdsCredentials(row, url);
  if (!hasScheme && !HOST_ALONE.test(trimmed)) throw badBaseUrl(row, text, "it must begin with http:// or https://");
  const secret = keyInQuery(url);
  if (secret !== undefined) throw holdsKey(row, text, secret);
  url.hash = "";
  url.pathname = url.pathname.replace(/\/+$/u, "").replace(ENDPOINT_TAILS, "");
  if (row.wire === "ollama") url.pathname = url.pathname.replace(/\/(v1|api)$/u, "");
  if (row.wire === "anthropic") url.pathname = url.pathname.replace(/\/v1$/u, "");
  if (url.pathname === "/" && row.barePath !== undefined) url.pathname = row.barePath;
  return url;
}

/** The provider's own address, not another server that speaks like it. Also where it has none of its own. */
export function isOwnAddress(row: ProviderRow, baseUrl: URL): boolean {
  return row.defaultBaseUrl === undefined || new URL(row.defaultBaseUrl).origin === baseUrl.origin;
}

/** `path` begins with a slash and may hold a query, which the base URL's own follows. */
export function endpointUrl(base: URL, path: string): URL {
  return withQueryOf(base, new URL(`${addressOf(base)}${path}`));
}

/** `path` begins with no slash: the base URL counts as a folder (`../props`). */
export function urlBeside(base: URL, path: string): URL {
  return withQueryOf(base, new URL(path, `${addressOf(base)}/`));
}

/** A base URL as people are told of it: without its query, and without a slash at its end. */
export function addressOf(base: URL): string {
  return `${base.origin}${base.pathname.replace(/\/+$/u, "")}`;
}

/** What was written for an address, as people are told of it, though it be none: without name, password and query. */
export function shownAddress(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/iu, "$1…@").replace(/\?.*$/su, "?…");
}

function withQueryOf(base: URL, url: URL): URL {
  if (base.search !== "") url.search = url.search === "" ? base.search : `${url.search}&${base.search.slice(1)}`;
  return url;
}

/** The base URL that the environment sets for a provider, if any. The first variable of the row that is set wins. */
export function baseUrlFromEnvironment(row: ProviderRow, environment: NodeJS.ProcessEnv): string | undefined {
  for (const name of row.baseUrlVariables) {
    const value = environment[name]?.trim();
    if (value !== undefined && value !== "") return name === "OLLAMA_HOST" ? ollamaHostUrl(value) : value;
  }
  return undefined;
}

/** The key that the environment holds for a provider, if any. */
export function keyFromEnvironment(row: ProviderRow, environment: NodeJS.ProcessEnv): string | undefined {
  for (const name of row.keyVariables) {
    const value = environment[name]?.trim();
    if (value !== undefined && value !== "") return value;
  }
  return undefined;
}

/**
 * `OLLAMA_HOST` as Ollama itself reads it (ollama/ollama `envconfig/config.go`): a host, a port, both or a URL; the port is
 * 11434 without a scheme, 80 or 443 with one, and a port that is none is passed over. An address that means "all
 * interfaces" to a server is called at loopback.
 */
export function ollamaHostUrl(value: string): string {
  const text = value.trim().replaceAll(/^["']|["']$/gu, "");
  const [, givenScheme, rest] = /^(?:([a-z]+):\/\/)?(.*)$/iu.exec(text) ?? [undefined, undefined, text];
  const scheme = givenScheme?.toLowerCase() === "https" ? "https" : "http";
  const defaultPort = givenScheme === undefined ? "11434" : scheme === "https" ? "443" : "80";
  const slash = (rest ?? "").indexOf("/");
  const hostAndPort = slash < 0 ? (rest ?? "") : (rest ?? "").slice(0, slash);
  const path = slash < 0 ? "" : (rest ?? "").slice(slash).replace(/\/+$/u, "");
  const { host, port } = splitHostAndPort(hostAndPort);
  const usablePort = /^\d+$/u.test(port) && Number(port) <= 65535 ? port : defaultPort;
  return `${scheme}://${callableHost(host)}:${usablePort}${path}`;
}

function splitHostAndPort(text: string): { host: string; port: string } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/u.exec(text);
  if (bracketed !== null) return { host: bracketed[1] ?? "", port: bracketed[2] ?? "" };
  const parts = text.split(":");
  // More than one colon and no brackets: an IPv6 address without a port.
  return parts.length > 2 ? { host: text, port: "" } : { host: parts[0] ?? "", port: parts[1] ?? "" };
}

function callableHost(host: string): string {
  if (host === "" || host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

/** Neither part of them is repeated: tokens are written in place of the name, too. */
function holdsCredentials(row: ProviderRow, url: URL): ProviderError {
  return badBaseUrl(row, `${url.protocol}//…@${url.host}`, `a name or password in an address is not taken. ${placeOfKey(row)}`);
}

/** It would be shown wherever the address is. */
function holdsKey(row: ProviderRow, text: string, name: string): ProviderError {
  return badBaseUrl(row, text, `a key in an address ("${name}") is not taken. ${placeOfKey(row)}`);
}

function placeOfKey({ keyVariables: [variable] }: ProviderRow): string {
  const elsewhere = variable === undefined ? "" : `, elsewhere in the variable ${variable}`;
  return `Leave it out. In the editor a key is set with "Parley: Set API Key…"${elsewhere}`;
}

function badBaseUrl(row: ProviderRow, text: string, problem: string): ProviderError {
  return new ProviderError(`The base URL "${shownAddress(text)}" of ${row.name} cannot be used: ${problem}.`, {
    kind: "invalid-request",
    phase: "before-headers",
    retryable: false,
    providerCode: "invalid-base-url",
    provider: row.id,
  });
}
