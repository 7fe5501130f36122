// The one configuration of the tests that run inside VS Code. With VSCODE_EXECUTABLE they run in that editor, which `npm test` sets
// to its stand-in over VS Code's web build; without it the desktop editor is downloaded (`npm run test:desktop`).

import { cpSync, rmSync } from "node:fs";
import { defineConfig } from "@vscode/test-cli";

const executable = process.env.VSCODE_EXECUTABLE;

// A copy that the tests may change.
const workspaceFolder = ".cache/in-host-workspace";
rmSync(`${import.meta.dirname}/${workspaceFolder}`, { recursive: true, force: true });
cpSync(`${import.meta.dirname}/test/fixtures/sample-workspace`, `${import.meta.dirname}/${workspaceFolder}`, { recursive: true });

export default defineConfig({
  // Activation is looked at before any other test has needed what comes after it.
  files: ["out/integration/activation.test.cjs", "out/integration/**/*.test.cjs"],
  workspaceFolder,
  // Parley, and one that offers the editor a model.
  extensionDevelopmentPath: [import.meta.dirname, `${import.meta.dirname}/test/fixtures/model-extension`],
  // None of Parley's; asking would download an editor even where one is given.
  skipExtensionDependencies: true,
  mocha: { ui: "bdd", timeout: 240_000, reporter: `${import.meta.dirname}/out/rig/mocha-results.cjs` },
  env: { PARLEY_TEST_RESULTS: process.env.PARLEY_TEST_RESULTS },
  ...(executable ? { useInstallation: { fromPath: executable } } : {}),
});
