// The network as settings and environment have it: which proxy leads to a place, and whose certificates are trusted. Settings
// come first; what they leave out is as the usual variables say. No certificate is read before it is needed.

import * as tls from "node:tls";
import type { NetworkSettings } from "../settings.ts";
import { isThisMachine, NoProxyList, splitNoProxy, type Place } from "./no-proxy.ts";
import { parseProxy, type ProxyServer } from "./proxy-server.ts";
import { trustedCertificates } from "./trusted-certificates.ts";

export interface NetworkSources {
  readonly settings: NetworkSettings;
  readonly environment: NodeJS.ProcessEnv;
  /** For what somebody should know who set this up. Never holds a name or a password. */
  readonly warn: (message: string) => void;
}

export interface TlsOptions {
  readonly secureContext?: tls.SecureContext;
  readonly rejectUnauthorized?: false;
}

export class Network {
  readonly #sources: NetworkSources;
  readonly #noProxy: NoProxyList;
  /** As set for all places, or as the variables have it. Null: none. */
  readonly #proxies: { readonly plain: string | null; readonly secure: string | null };
  #tls: TlsOptions | null = null;

  constructor(sources: NetworkSources) {
    const { settings, environment, warn } = sources;
    this.#sources = sources;
    const list = settings.noProxy?.length ? settings.noProxy : splitNoProxy(variable(environment, "no_proxy") ?? "");
    this.#noProxy = new NoProxyList(list);
    const { proxy } = settings;
    const set = proxy === undefined || proxy === "" ? undefined : { plain: proxy, secure: proxy };
    this.#proxies = set ?? { plain: proxyOfEnvironment(environment, false), secure: proxyOfEnvironment(environment, true) };
    for (const entry of this.#noProxy.unknown) warn(`In the list of what needs no proxy this is not understood: ${entry}`);
    if (settings.strictSsl === false) {
      warn("Certificates are not verified, because the settings say so: whoever sits in between can read keys and prompts.");
    }
  }

  /** Null: the place is reached without one. Throws `ProxyError` for a proxy that cannot be used. `secure`: the place is spoken to over TLS. */
  proxyFor(place: Place, secure: boolean): ProxyServer | null {
    const address = secure ? this.#proxies.secure : this.#proxies.plain;
    if (address === null || isThisMachine(place.host) || this.#noProxy.includes(place)) return null;
    return parseProxy(address, this.#sources.settings.proxyAuthorization);
  }

  /** For every connection over TLS. Made once: hundreds of certificates take some tens of milliseconds to read. */
  get tls(): TlsOptions {
    return (this.#tls ??= this.#tlsOptions());
  }

  #tlsOptions(): TlsOptions {
    const { settings, environment, warn } = this.#sources;
    if (settings.strictSsl === false) return { rejectUnauthorized: false };
    const files = [environment["NODE_EXTRA_CA_CERTS"] ?? "", environment["SSL_CERT_FILE"] ?? ""].filter((file) => file !== "");
    const extra = [...(settings.extraCaCertificates ?? []), ...files];
    const ca = trustedCertificates({ useSystem: settings.useSystemCertificates ?? true, extra }, warn);
    return { secureContext: tls.createSecureContext({ ca: [...ca] }) };
  }
}

/**
 * As the editor reads them: a place over TLS takes the proxy of plain HTTP where no other is set. In a CGI program `HTTP_PROXY`
 * is a header that anybody can send.
 */
function proxyOfEnvironment(environment: NodeJS.ProcessEnv, secure: boolean): string | null {
  const plain = environment["REQUEST_METHOD"] === undefined ? variable(environment, "http_proxy") : environment["http_proxy"];
  const all = variable(environment, "all_proxy");
  return (secure ? (variable(environment, "https_proxy") ?? all ?? plain) : (plain ?? all)) ?? null;
}

/** In lower case first, as other programs do. An empty one says nothing. */
function variable(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  return [environment[name], environment[name.toUpperCase()]].find((value) => value !== undefined && value.trim() !== "");
}
