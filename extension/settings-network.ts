// From the editor's own settings of the network (`http.*`) to what the sidecar takes. The editor applies them to its own host alone,
// so they are handed over. It takes none of them from a folder, trusted or not. A proxy's address can hold a password: values
// are never part of a complaint.

import type { NetworkSettings } from "../sidecar/settings.ts";
import { type Complain, readTexts } from "./settings-fields.ts";

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
  const noProxy = readTexts(read("noProxy"), "http.noProxy", ["it must be a list of hosts", "it must be a host"], complain).map((host) =>
    host.trim(),
  );
  const network: NetworkSettings = {
    ...(proxy !== undefined && { proxy }),
    ...(proxyAuthorization !== undefined && { proxyAuthorization }),
    ...(noProxy.length > 0 && { noProxy }),
    ...(isOff("proxyStrictSSL") && { strictSsl: false }),
    ...(isOff("systemCertificates") && { useSystemCertificates: false }),
  };
  return Object.keys(network).length === 0 ? undefined : network;
}
