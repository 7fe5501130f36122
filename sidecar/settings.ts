// The engine's settings as plain data, shared by extension and sidecar. What is absent is as it is by default.

import type { ModelAbilities, ModelPrice, TimeLimits } from "./types.ts";

/** What a user says about a model; it comes before what anybody else says. */
export interface ModelOverride {
  /** Tokens. */
  readonly contextWindow?: number;
  /** Tokens. */
  readonly maxOutputTokens?: number;
  readonly abilities?: ModelAbilities;
  readonly price?: ModelPrice;
}

/** Fields of an address's query that hold what nobody else should see. */
const SECRET_FIELD =
  /(^|[-_.]|api|access|subscription|auth)(key|token|secret|password|passwd|sig|signature|auth|authorization|credentials?|code)$/iu;

/** The name of the field in a base URL's query that holds a key, which is taken there by nobody: addresses are shown. */
export function keyInQuery(url: URL): string | undefined {
  return [...url.searchParams.keys()].find((name) => SECRET_FIELD.test(name));
}

export interface ProviderSettings {
  /** For a server that the user added under an id of its own: which preset it behaves as. Default `openai-compatible`. */
  readonly preset?: string;
  readonly baseUrl?: string;
  readonly timeLimits?: TimeLimits;
  /** Requests at once to this provider. */
  readonly concurrency?: number;
  /** Forces one of OpenAI's two interfaces. Default: `responses` at OpenAI's own origin, `chat` elsewhere. */
  readonly api?: "responses" | "chat";
  /** What the user knows better, by the provider's own ids of its models. */
  readonly models?: { readonly [model: string]: ModelOverride };
}

/**
 * How the network is reached. What is absent is as the usual environment has it (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`,
 * `NO_PROXY`, `NODE_EXTRA_CA_CERTS`, `SSL_CERT_FILE`). This machine itself is never reached through a proxy. Holds secrets:
 * not to be logged or shown.
 */
export interface NetworkSettings {
  /** Address of an HTTP proxy, which can hold a name and a password. `null`: none, whatever the environment says. */
  readonly proxy?: string | null;
  /** The whole value of the header `proxy-authorization`; it comes before what stands in the proxy's address. */
  readonly proxyAuthorization?: string;
  /**
   * What is reached without the proxy: `*`, hosts (with all below them; a leading `.` or `*.` says the same), addresses, and
   * ranges such as `10.0.0.0/8`; hosts and addresses with a port if need be.
   */
  readonly noProxy?: readonly string[];
  /** False: certificates are not verified, neither the providers' nor the proxy's. */
  readonly strictSsl?: boolean;
  /** False: what the operating system trusts is not trusted for that. */
  readonly useSystemCertificates?: boolean;
  /** Trusted beside all others: each the text of a PEM file, or its absolute path. */
  readonly extraCaCertificates?: readonly string[];
}

/** What a chat does beside answering. The engine itself knows nothing of it. */
export interface ChatSettings {
  /** Where a conversation does not fit into the model's context window any more. Default `summarize`. */
  readonly whenContextIsFull?: "summarize" | "refuse";
  /** Whether the model names a conversation after its first answer. Default false: a request that nobody asked for. */
  readonly generateTitles?: boolean;
}

export interface EngineSettings {
  readonly network?: NetworkSettings;
  /** By provider id: those of the registry, and servers that the user added. */
  readonly providers: { readonly [id: string]: ProviderSettings };
  /** Requests at once to one endpoint, where the provider's row says nothing else. */
  readonly concurrency: number;
  /** Absolute paths of GGUF files that the model list offers beside the demo. */
  readonly localModels: readonly string[];
  readonly chat?: ChatSettings;
}
