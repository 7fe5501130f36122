// Whose certificates are trusted. Whatever is given to a TLS connection replaces all that Node trusts by itself, so a private
// authority is put beside the others, never alone: what Node brings along, what the operating system trusts, and the files
// that settings and environment name. Inside the editor's executable Node reads no such files by itself.

import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import * as tls from "node:tls";

export interface TrustSources {
  readonly useSystem: boolean;
  /** Each the text of a PEM file, or its path. */
  readonly extra: readonly string[];
}

/** Bytes. The largest bundles that systems ship have about one megabyte. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** The certificates of all sources as PEM, each once. `warn` is told of what cannot be read or is no certificate. */
export function trustedCertificates(sources: TrustSources, warn: (message: string) => void): readonly string[] {
  const extra = sources.extra.flatMap((source) => readExtra(source, warn));
  return [...new Set([...ofNode("bundled"), ...(sources.useSystem ? ofNode("system") : []), ...ofNode("extra"), ...extra])];
}

/** Node has no such function before 22.15, and what an editor's own build cannot tell must not end all connections. */
function ofNode(kind: "bundled" | "system" | "extra"): readonly string[] {
  try {
    if ("getCACertificates" in tls) return tls.getCACertificates(kind);
  } catch {
    // Falls through to what every version has.
  }
  return kind === "bundled" ? tls.rootCertificates : [];
}

function readExtra(source: string, warn: (message: string) => void): readonly string[] {
  const isText = source.includes("-----BEGIN");
  const name = isText ? "given certificates" : source;
  try {
    const blocks = (isText ? source : readBounded(source)).match(PEM_BLOCK) ?? [];
    const found = blocks.flatMap((block) => readBlock(block));
    if (blocks.length === 0) warn(`No certificate in PEM form was found: ${name}.`);
    if (found.length < blocks.length) warn(`${blocks.length - found.length} of ${blocks.length} certificates are damaged: ${name}.`);
    return found;
  } catch (error) {
    warn(`Certificates could not be read: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu;

function readBlock(block: string): readonly string[] {
  try {
    return [new X509Certificate(block).toString()];
  } catch {
    return [];
  }
}

function readBounded(path: string): string {
  const { size } = statSync(path);
  if (size > MAX_FILE_BYTES) throw new Error(`the file has more than ${MAX_FILE_BYTES} bytes.`);
  return readFileSync(path, "utf8");
}
