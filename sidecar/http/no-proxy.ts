// Which places are reached without the proxy. The list is written as the editor and most programs take it: `*`, hosts,
// addresses and ranges of addresses, the first two with a port if need be. A host stands for itself and all below it, with or
// without a leading `.` or `*.`.

import { BlockList, isIP } from "node:net";

export interface Place {
  /** As in a URL, with or without brackets around an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

type Rule = (host: string, port: number) => boolean;

const thisMachine = new BlockList();
thisMachine.addSubnet("127.0.0.0", 8, "ipv4");
thisMachine.addAddress("0.0.0.0", "ipv4");
thisMachine.addAddress("::1", "ipv6");
thisMachine.addAddress("::", "ipv6");

/** What a proxy would reach on its own machine instead of ours. */
export function isThisMachine(host: string): boolean {
  const name = plainHost(host);
  return name === "localhost" || name.endsWith(".localhost") || holds(thisMachine, name);
}

export class NoProxyList {
  /** Entries that say nothing that is known here. */
  readonly unknown: readonly string[];
  readonly #rules: readonly Rule[];

  constructor(entries: readonly string[]) {
    const rules: Rule[] = [];
    const unknown: string[] = [];
    for (const entry of entries.map((entry) => entry.trim()).filter((entry) => entry !== "")) {
      const rule = readEntry(entry);
      if (rule === null) unknown.push(entry);
      else rules.push(rule);
    }
    this.#rules = rules;
    this.unknown = unknown;
  }

  includes({ host, port }: Place): boolean {
    const name = plainHost(host);
    return this.#rules.some((rule) => rule(name, port));
  }
}

/** In the environment the entries are separated by commas or white space. */
export function splitNoProxy(text: string): readonly string[] {
  return text.split(/[\s,]+/u);
}

function readEntry(entry: string): Rule | null {
  if (entry === "*") return () => true;
  const range = /^\[?([^\][/]+)\]?\/(\d{1,3})$/u.exec(entry);
  if (range !== null) return rangeRule(range[1] ?? "", Number(range[2]));
  const [, bare = "", portText] = isIP(entry) === 6 ? [entry, entry] : (/^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/u.exec(entry) ?? []);
  const ofHost = hostRule(plainHost(bare));
  if (ofHost === null || portText === undefined) return ofHost;
  const wanted = Number(portText);
  return (host, port) => port === wanted && ofHost(host, port);
}

function hostRule(host: string): Rule | null {
  const family = isIP(host);
  if (family !== 0) {
    const list = new BlockList();
    list.addAddress(host, family === 6 ? "ipv6" : "ipv4");
    return (host) => holds(list, host);
  }
  const name = host.replace(/^\*?\./u, "");
  if (name === "" || /[*/]/u.test(name)) return null;
  return (host) => host === name || host.endsWith(`.${name}`);
}

function rangeRule(address: string, bits: number): Rule | null {
  const family = isIP(address);
  if (family === 0 || bits > (family === 6 ? 128 : 32)) return null;
  const list = new BlockList();
  list.addSubnet(address, bits, family === 6 ? "ipv6" : "ipv4");
  return (host) => holds(list, host);
}

function holds(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 6 ? "ipv6" : "ipv4");
}

function plainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/u, "$1")
    .replace(/\.$/u, "");
}
