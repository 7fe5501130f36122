// `npm run package`: the VSIX for this platform, in the clone's top folder.

import { readFileSync } from "node:fs";
import { ensureLocalRuntime } from "./install.ts";
import { inClone } from "./places.ts";
import { runStep } from "./run-step.ts";
import { makeVsix, vsixTarget } from "./vsix.ts";

const { version }: { readonly version: string } = JSON.parse(readFileSync(inClone("package.json"), "utf8"));
const name = `parley-${vsixTarget()}-${version}.vsix`;
await ensureLocalRuntime();
process.stdout.write(await runStep("The build", process.execPath, [inClone("esbuild.mjs"), "--production"], inClone()));
const bytes = await makeVsix(inClone(name));
console.log(`\n${name}  ${(bytes / 1024 / 1024).toFixed(1)} MB\nInstall it with: code --install-extension ${name}`);
