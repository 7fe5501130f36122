// The product's version, which its manifest alone holds: it lies beside `dist/` and `sidecar/` alike.

import { readFileSync } from "node:fs";

export function productVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
}
