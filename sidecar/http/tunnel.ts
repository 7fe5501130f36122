// A connection through a proxy, by CONNECT (RFC 9110, 9.3.6), for plain HTTP as for TLS. A request that a proxy forwards itself
// would be read and often held back by it, and it reads the provider's answer to the end although nobody wants it any more;
// a tunnel streams, ends when our socket is closed, and keeps the proxy's errors apart from the provider's.

import type { ClientRequest, IncomingMessage } from "node:http";
import { isIP, Socket } from "node:net";
import { certificateProblem, certificateWords } from "./certificate-problem.ts";
import type { TlsOptions } from "./network.ts";
import type { Place } from "./no-proxy.ts";
import { ProxyError } from "./proxy-error.ts";
import type { ProxyServer } from "./proxy-server.ts";

/** What can be given up while it is being opened. */
export interface Breakable {
  destroy(reason?: Error): unknown;
}

export interface TunnelOptions {
  /** Milliseconds until the proxy must have answered. */
  readonly limitMs: number;
  /** For a proxy that is itself spoken to over TLS. */
  readonly tls: () => TlsOptions;
}

const NOTHING = Buffer.alloc(0);

/**
 * Calls back once: with a socket that leads to the place, or with a `ProxyError`, or with the reason it was destroyed with.
 * `early` came with the proxy's consent already and is still to be read, before what the socket gives.
 * Destroying what is returned gives up, and closes the connection to the proxy, until the callback was called.
 */
export function openTunnel(
  proxy: ProxyServer,
  place: Place,
  options: TunnelOptions,
  callback: (error: Error | null, socket: Socket | null, early: Buffer) => void,
): Breakable {
  const authority = `${isIP(place.host) === 6 ? `[${place.host}]` : place.host}:${place.port}`;
  const request = startRequest(proxy, authority, options);
  const timeout = new ProxyError("proxy-timeout", `The proxy ${proxy.shown} did not answer in time.`, { retryable: true });
  const timer = setTimeout(() => request.destroy(timeout), options.limitMs).unref();
  let done = false;
  const finish = (error: Error | null, socket: Socket | null, early = NOTHING): void => {
    clearTimeout(timer);
    if (done) socket?.destroy();
    else callback(error, socket, early);
    done = true;
  };
  request.once("connect", (response, socket, head) => {
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode > 299) {
      // It goes on writing its page about the error.
      socket.on("error", () => {}).destroy();
      finish(refusal(proxy, authority, response), null);
      return;
    }
    if (socket instanceof Socket) finish(null, socket, head);
  });
  request.on("error", (error) => finish(failure(proxy, error), null));
  request.end();
  return request;
}

function startRequest(proxy: ProxyServer, authority: string, options: TunnelOptions): ClientRequest {
  const common = {
    method: "CONNECT",
    host: proxy.hostname,
    port: proxy.port,
    path: authority,
    agent: false,
    headers: {
      host: authority,
      "user-agent": "parley",
      ...(proxy.authorization === null ? {} : { "proxy-authorization": proxy.authorization }),
    },
  } as const;
  // Not imported, which makes Node load an undici of its own for the WebSocket that `node:http` has beside: a tenth of our start.
  if (!proxy.secure) return process.getBuiltinModule("node:http").request(common);
  // Left to itself, Node would take the name for the certificate from the header `host`, which is the provider's.
  return process
    .getBuiltinModule("node:https")
    .request({ ...common, servername: isIP(proxy.hostname) === 0 ? proxy.hostname : "", ...options.tls() });
}

/** An answer other than 2xx. The proxy's own words are a page for browsers, and are left aside. */
function refusal(proxy: ProxyServer, authority: string, { statusCode = 0, statusMessage, headers }: IncomingMessage): ProxyError {
  if (statusCode === 407) return signInRefused(proxy, headers["proxy-authenticate"]);
  const answer = `${statusCode} ${(statusMessage ?? "").slice(0, 100)}`.trim();
  const words = `The proxy ${proxy.shown} did not open a connection to ${authority}: it answered ${answer}.`;
  return new ProxyError("proxy-refused", words, { retryable: statusCode === 429 || statusCode >= 500 });
}

function signInRefused({ shown, authorization }: ProxyServer, challenges: readonly string[] | string | undefined): ProxyError {
  const schemes = [challenges ?? []].flat().map((challenge) => /^\s*([\w-]{1,40})/u.exec(challenge)?.[1] ?? "");
  const known = schemes.filter((scheme) => scheme !== "");
  if (authorization === null && known.length > 0 && !known.some((scheme) => scheme.toLowerCase() === "basic")) {
    const words = `The proxy ${shown} wants to be signed in to by ${known.join(" or ")}; only Basic, a name and a password, can be sent.`;
    return new ProxyError("proxy-unsupported", words);
  }
  return new ProxyError(
    "proxy-authentication",
    authorization === null
      ? `The proxy ${shown} wants a name and a password, and none are set.`
      : `The proxy ${shown} did not accept the name and the password that are set.`,
  );
}

function failure(proxy: ProxyServer, error: Error): ProxyError {
  if (error instanceof ProxyError) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (certificateProblem(code) !== null) {
    return new ProxyError(
      "proxy-certificate",
      `The certificate of the proxy ${proxy.shown} was not accepted: ${certificateWords(error.message)} (${code}).`,
      {
        cause: error,
      },
    );
  }
  if (code.startsWith("HPE_") || code.startsWith("ERR_SSL") || code === "EPROTO") return notAProxy(proxy, error);
  const words = (UNREACHABLE[code] ?? ((shown) => `The connection to the proxy ${shown} failed: ${error.message || code}`))(proxy.shown);
  return new ProxyError("proxy-unreachable", words, { retryable: code !== "ECONNREFUSED" && code !== "ENOTFOUND", cause: error });
}

const UNREACHABLE: Readonly<Record<string, (shown: string) => string>> = {
  ECONNREFUSED: (shown) => `Nothing answers at the proxy ${shown}: the connection was refused.`,
  ENOTFOUND: (shown) => `The proxy ${shown} could not be found.`,
  EAI_AGAIN: (shown) => `The proxy ${shown} could not be found.`,
  ECONNRESET: (shown) => `The proxy ${shown} closed the connection without an answer.`,
};

function notAProxy(proxy: ProxyServer, cause?: Error): ProxyError {
  return new ProxyError("proxy-protocol", `What answers at ${proxy.shown} is no ${proxy.secure ? "proxy over TLS" : "HTTP proxy"}.`, {
    cause,
  });
}
