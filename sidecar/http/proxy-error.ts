// What went wrong between here and a proxy. Its message is a whole sentence for people that names the proxy without name and
// password; the provider is not at fault and is not named as such.

export type ProxyProblem =
  /** The proxy's address or its authorization is none. */
  | "proxy-invalid"
  /** A kind of proxy, or of signing in to one, that is not spoken here. */
  | "proxy-unsupported"
  | "proxy-unreachable"
  | "proxy-timeout"
  | "proxy-certificate"
  /** It wants a name and a password, or others than it was given. */
  | "proxy-authentication"
  /** It will not, or cannot, open a connection to the place that was asked for. */
  | "proxy-refused"
  /** What answers is no proxy. */
  | "proxy-protocol";

export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly code: ProxyProblem;
  /** The same request can succeed when it is sent again. */
  readonly retryable: boolean;

  constructor(code: ProxyProblem, message: string, options: { readonly retryable?: boolean; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}
