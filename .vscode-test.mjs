// The one configuration of the tests that run inside VS Code. With VSCODE_EXECUTABLE they run in that editor, which `npm test` sets
// to its stand-in over VS Code's web build; without it the desktop editor is downloaded (`npm run test:desktop`).

import { defineConfig } from "@vscode/test-cli";

const executable = process.env.VSCODE_EXECUTABLE;

export default defineConfig({
  files: "out/integration/**/*.test.cjs",
  workspaceFolder: process.env.PARLEY_TEST_WORKSPACE ?? "test/fixtures/sample-workspace",
  // None of Parley's; asking would download an editor even where one is given.
  skipExtensionDependencies: true,
  mocha: { ui: "bdd", timeout: 60_000, reporter: `${import.meta.dirname}/out/rig/mocha-results.cjs` },
  env: { PARLEY_TEST_RESULTS: process.env.PARLEY_TEST_RESULTS },
  ...(executable ? { useInstallation: { fromPath: executable } } : {}),
});
