// Looks at the extension just after its activation, before anything of it was needed, and so must be the first file of the run (.vscode-test.mjs).

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { commandIds } from "../../extension/commands.ts";
import { extension } from "../support/in-host.ts";
import { children } from "../support/sidecar-processes.ts";
import * as vscode from "vscode";

/** Native code in this process: what the loader of the system has mapped. */
function nativeModules(): readonly string[] {
  // Otherwise the report looks up every peer's name.
  Reflect.set(process.report, "excludeNetwork", true);
  const report: unknown = process.report.getReport();
  assert(typeof report === "object" && report !== null && "sharedObjects" in report && Array.isArray(report.sharedObjects));
  return report.sharedObjects.map(String);
}

describe("activation", () => {
  it("loads one file, nothing native, and starts no process", async () => {
    const own = `${extension().extensionPath}/dist/`;

    await extension().activate();

    const loaded = Object.keys(createRequire(__filename).cache).filter((file) => file.startsWith(own));
    assert.deepEqual(loaded, [`${own}extension.cjs`]);
    assert.deepEqual(
      nativeModules().filter((file) => file.startsWith(own) || /llama|sqlite/i.test(file)),
      [],
    );
    assert.deepEqual(
      children().filter(({ commandLine }) => commandLine.includes(own)),
      [],
    );
  });

  it("leaves the JSON-RPC library and all that works with the sidecar for the first need", async () => {
    // What was evaluated cannot be seen from outside of a bundle; that it has to be asked for can.
    const bundle = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(extension().extensionUri, "dist", "extension.cjs"));
    assert.match(Buffer.from(bundle).toString(), /Promise\.resolve\(\)\.then\(\(\) ?=> ?\(init_parley\(\), ?parley_exports\)\)/);
  });

  it("registers every command", async () => {
    const known = await vscode.commands.getCommands(true);
    assert.deepEqual(
      commandIds.filter((id) => !known.includes(id)),
      [],
    );
  });
});
