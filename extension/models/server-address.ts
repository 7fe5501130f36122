// From what a person types for a server's address to the addresses that are tried. Pure.

import { keyInQuery } from "../../sidecar/settings.ts";

export interface ServerCandidate {
  /** Which preset the server would behave as. */
  readonly preset: string;
  readonly baseUrl: string;
}

/** Ports at which well-known servers listen by themselves. Only a first guess: the server's answer decides. */
const PRESETS_BY_PORT: { readonly [port: string]: string } = {
  "1234": "lmstudio",
  "8000": "vllm",
  "8080": "llama-server",
  "11434": "ollama",
};

/**
 * Addresses to try, likeliest first; empty where the text is no address of a server. A missing scheme means http on this
 * machine and in private networks, https elsewhere; a missing path means `/v1`, where servers of this kind answer.
 */
export function serverCandidates(typed: string): readonly ServerCandidate[] {
  const url = parseAddress(typed);
  if (url === undefined) return [];
  const path = url.pathname.replace(/\/+$/, "");
  const at = (where: string): string => `${url.origin}${where}${url.search}`;
  const openAi = PRESETS_BY_PORT[url.port];
  const preset = openAi === undefined || openAi === "ollama" ? "openai-compatible" : openAi;
  const paths = path === "" ? [at("/v1"), at("")] : [at(path), ...(/\/v\d+$/.test(path) ? [] : [at(`${path}/v1`)])];
  const candidates = paths.map((baseUrl) => ({ preset, baseUrl }));
  return openAi === "ollama" ? [{ preset: "ollama", baseUrl: url.origin }, ...candidates] : candidates;
}

/** Whether it would be an address without the name, password or key in it, which are not taken. */
export function holdsCredentials(typed: string): boolean {
  const withoutThem = typed
    .trim()
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#\s]*@(?=\S)/i, "$1")
    .replace(/\?.*$/, "");
  return withoutThem !== typed.trim() && serverCandidates(withoutThem).length > 0;
}

/** A name to offer for the server: its host, and its port where it is not the usual one. */
export function serverName(baseUrl: string, taken: ReadonlySet<string>): string {
  const url = new URL(baseUrl);
  const host = url.hostname.replace(/^www\./, "").replaceAll(/[^a-z0-9.-]/g, "");
  const name = [host === "127.0.0.1" ? "localhost" : host, url.port]
    .filter((part) => part !== "")
    .join("-")
    .slice(0, 36);
  const free = [name, ...Array.from({ length: 99 }, (_, index) => `${name}-${index + 2}`)];
  return free.find((candidate) => !taken.has(candidate)) ?? name;
}

function parseAddress(typed: string): URL | undefined {
  const text = typed.trim();
  if (text === "" || /\s/.test(text)) return undefined;
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  if (url.username !== "" || url.password !== "" || keyInQuery(url) !== undefined) return undefined;
  if (!text.includes("://") && !isNear(url.hostname)) url.protocol = "https:";
  url.hash = "";
  return url;
}

/** This machine, a private network, or a name without a dot, which only a local network resolves. */
function isNear(host: string): boolean {
  return (
    !host.includes(".") ||
    host.startsWith("[") ||
    /\.(local|lan|internal|home|localhost)$/.test(host) ||
    /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(host)
  );
}
