// A proxy by its address, as people write it into settings and variables: `http://name:password@proxy.corp:8080`,
// `https://proxy.corp`, or without a scheme, which means http.

import { ProxyError } from "./proxy-error.ts";

export interface ProxyServer {
  /** Without brackets around an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
  /** The proxy itself is spoken to over TLS. */
  readonly secure: boolean;
  /** The value of `proxy-authorization`, or null. */
  readonly authorization: string | null;
  /** For people: without name and password. */
  readonly shown: string;
}

/** `authorization`: a whole header value that comes before what the address holds. Throws `ProxyError`; its words show no password. */
export function parseProxy(address: string, authorization: string | undefined): ProxyServer {
  const text = address.trim();
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//iu.test(text) ? text : `http://${text}`);
  if (url === null || url.hostname === "") {
    throw new ProxyError("proxy-invalid", "The address of the proxy is none. It must be one like http://proxy.example.com:8080.");
  }
  const shown = `${url.protocol}//${url.host}`;
  if (url.protocol.startsWith("socks")) {
    throw new ProxyError("proxy-unsupported", `The proxy ${shown} is a SOCKS proxy; only HTTP proxies can be used.`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ProxyError("proxy-invalid", `The proxy ${shown} has no address that begins with http:// or https://.`);
  }
  const secure = url.protocol === "https:";
  return {
    hostname: url.hostname.replace(/^\[(.*)\]$/u, "$1"),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    secure,
    authorization: headerValue(authorization, shown) ?? basic(url),
    shown,
  };
}

function headerValue(authorization: string | undefined, shown: string): string | undefined {
  if (authorization === undefined || authorization === "") return undefined;
  if (/^[\x20-\x7e]+$/u.test(authorization)) return authorization;
  throw new ProxyError("proxy-invalid", `The authorization for the proxy ${shown} holds characters that cannot be sent.`);
}

function basic({ username, password }: URL): string | null {
  if (username === "" && password === "") return null;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`, "utf8").toString("base64")}`;
}

/** A password with a percent sign that nobody encoded is taken as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
