// Words about what lies between this machine and a provider: the connection, its certificate, a proxy, nobody at the other end.

import { lower, words } from "./words.ts";
import type { ErrorWords, Subject } from "./words.ts";

export function connectionWords(subject: Subject): ErrorWords {
  const { name, error, setAddress, again } = subject;
  const code = error.providerCode ?? "";
  if (code.startsWith("proxy-")) return words("The proxy could not be used.", proxyAdvice(code, subject), "retry");
  if (/CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/u.test(code)) {
    return words(`The certificate of ${name} is not valid now.`, `Check this machine's clock, then ${again}.`, "retry");
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH") {
    return words(`The certificate of ${name} belongs to another address.`, `${setAddress} Then ${again}.`, "open-settings", "retry");
  }
  if (/CERT|^UNABLE_TO_|^INVALID_|^PATH_LENGTH|ERR_TLS/u.test(code)) {
    return words(`The certificate of ${name} is not trusted here.`, trustAdvice(subject), "retry", "open-settings");
  }
  return words(`The connection to ${name} broke.`, `Check the network connection, then ${again}.`, "retry", "open-settings");
}

function trustAdvice({ inEditor, again }: Subject): string {
  const variable = `its file in the variable NODE_EXTRA_CA_CERTS${inEditor ? " before the editor starts" : ""}`;
  return `If you trust the network that you are in, install your organisation's certificate in the system, or name ${variable}. Then ${again}.`;
}

/** What to do about a proxy, by the code of what is wrong with it. */
function proxyAdvice(code: string, subject: Subject): string {
  const { inEditor, again } = subject;
  const proxy = inEditor ? 'the setting "http.proxy"' : "the variable that names it (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY)";
  const noProxy = inEditor ? 'the setting "http.noProxy"' : "the variable NO_PROXY";
  switch (code) {
    case "proxy-authentication":
      return `Write them into ${proxy}: http://name:password@host:port, with special characters in the password as %40 and the like. Then ${again}.`;
    case "proxy-certificate":
      return trustAdvice(subject);
    case "proxy-refused":
      return `Many proxies open only certain addresses and ports. If this one can be reached without the proxy, add it to ${noProxy}, then ${again}.`;
    case "proxy-unsupported":
      return `Name an HTTP proxy in ${proxy}. A small one on this machine (such as Px or Privoxy) can translate to the other. Then ${again}.`;
    default:
      return `Check ${proxy} and the network connection, then ${again}.`;
  }
}

export function nobodyThere({ name, baseUrl, runsHere, setAddress, setOrAdd, again }: Subject): ErrorWords {
  const where = baseUrl === undefined ? "" : ` at ${baseUrl}`;
  const summary = `Nothing answers for ${name}${where}.`;
  if (!runsHere)
    return words(
      summary,
      `Check the network connection, then ${again}. If the address is wrong: ${lower(setAddress)}`,
      "retry",
      "open-settings",
    );
  return words(summary, `Start it, then ${again}. If it runs elsewhere: ${lower(setOrAdd)}`, "retry", "add-server", "open-settings");
}
