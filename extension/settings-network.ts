// From the editor's own settings of the network (`http.*`) to what the sidecar takes. The editor applies them to its own host alone,
// so they are handed over. It takes none of them from a folder, trusted or not. A proxy's address can hold a password: values
// are never part of a complaint.

import type { NetworkSettings } from "../sidecar/settings.ts";
import type { Complain } from "./settings-fields.ts";

/** `read` gives the value of a setting by its name without `http.`. Undefined where all is as it is by default. */
export function readNetworkSettings(read: (name: string) => unknown, complain: Complain): NetworkSettings | undefined {
  const text = (name: string): string | undefined => {
    const value = read(name);
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value === "string") return value;
    complain(`http.${name}`, "it must be a text");
    return undefined;
  };
  // Only what is switched off has to be said.
  const isOff = (name: string): boolean => read(name) === false;
  const proxy = text("proxySupport") === "off" ? null : text("proxy");
  const proxyAuthorization = text("proxyAuthorization");
  const noProxy = readNoProxy(read("noProxy"), complain);
  const network: NetworkSettings = {
    ...(proxy !== undefined && { proxy }),
    ...(proxyAuthorization !== undefined && { proxyAuthorization }),
    ...(noProxy.length > 0 && { noProxy }),
    ...(isOff("proxyStrictSSL") && { strictSsl: false }),
    ...(isOff("systemCertificates") && { useSystemCertificates: false }),
  };
  return Object.keys(network).length === 0 ? undefined : network;
}

function readNoProxy(value: unknown, complain: Complain): readonly string[] {
  if (value === undefined || value === null) return [];
  const entries: readonly unknown[] = Array.isArray(value) ? value : [];
  const texts = entries.filter((entry) => typeof entry === "string").map((entry) => entry.trim());
  if (!Array.isArray(value) || texts.length < entries.length) complain("http.noProxy", "it must be a list of hosts");
  return texts.filter((entry) => entry !== "");
}
