// The parts of `npm test`: what each runs, how long it may take, and which may run side by side on two cores.

import { resultsVariable } from "./results.ts";
import { inClone } from "./places.ts";

export interface Part {
  readonly name: string;
  /** A check passes or fails as a whole; tests write their results one by one. */
  readonly kind: "check" | "tests";
  readonly command: string;
  /** `results` is the file that the tests' reporter writes. */
  readonly args: (results: string) => readonly string[];
  readonly env?: (results: string) => Readonly<Record<string, string>>;
  readonly limitMs: number;
  /** Between asking what is left of the part to end and ending it. Default 15,000: a stand-in for the editor closes two programs. */
  readonly graceMs?: number;
}

/** Parts in one lane run one after the other; the lanes of a stage side by side; a stage begins when the one before has ended. */
export type Stage = readonly (readonly Part[])[];

/** Limits are for what hangs; a busy machine may take five times as long as a quiet one. */
const MINUTE = 60_000;
const node = process.execPath;
const tool = (path: string): string => inClone("node_modules", path);

function check(name: string, command: readonly string[], limitMs = 5 * MINUTE): Part {
  const [program = node, ...args] = command;
  return { name, kind: "check", command: program, args: () => args, limitMs };
}

function nodeTests(
  name: string,
  patterns: readonly string[],
  options: { readonly limitMs: number; readonly flags?: readonly string[] },
): Part {
  const reporters = (results: string): string[] => [
    `--test-reporter=${inClone("test/rig/node-test-results.ts")}`,
    `--test-reporter-destination=${results}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
  ];
  return {
    name,
    kind: "tests",
    command: node,
    args: (results) => ["--test", ...(options.flags ?? []), ...reporters(results), ...patterns],
    limitMs: options.limitMs,
  };
}

function inHostTests(executable: string | undefined): Part {
  return {
    name: "tests inside VS Code",
    kind: "tests",
    command: node,
    args: () => [tool("@vscode/test-cli/out/bin.mjs")],
    // The stand-in ends by itself first, with what the tests have printed.
    env: (results) => ({
      [resultsVariable]: results,
      PARLEY_TEST_LIMIT_MS: String(14 * MINUTE),
      ...(executable === undefined ? {} : { VSCODE_EXECUTABLE: executable }),
    }),
    limitMs: 15 * MINUTE,
  };
}

const build = check("build", [node, inClone("esbuild.mjs"), "--production"]);
const typescript = tool("typescript/bin/tsc");

const checks: readonly Part[] = [
  check("types", [node, typescript, "-p", inClone()]),
  check("types of the page", [node, typescript, "-p", inClone("media")]),
  check("types of the page's tests", [node, typescript, "-p", inClone("test/media")]),
  check("lint", [node, tool("oxlint/bin/oxlint"), "--type-aware"]),
  check("format", [node, tool("oxfmt/bin/oxfmt"), "--check"]),
  check("dead code", [node, tool("knip/bin/knip.js")]),
];
const unitTests = nodeTests(
  "unit and protocol tests",
  ["test/sidecar/*.test.ts", "test/sidecar/!(local)/**/*.test.ts", "test/extension/**/*.test.ts"],
  { limitMs: 20 * MINUTE },
);
const localTests = nodeTests("tests of local inference", ["test/sidecar/local/**/*.test.ts"], { limitMs: 15 * MINUTE });
const pageTests = nodeTests("tests of the page", ["test/media/**/*.test.ts"], { limitMs: 15 * MINUTE });
const toolingTests = nodeTests("tests of the tooling", ["test/tooling/**/*.test.ts"], { limitMs: 12 * MINUTE });
const packageTests = nodeTests("tests of the packages", ["test/package/**/*.test.ts"], { limitMs: 15 * MINUTE });
// A minute of what `npm run torture` does for an hour.
const tortureTests = nodeTests("trials by killing", ["test/torture/*.test.ts"], { limitMs: 12 * MINUTE });
// One process, so that all files share one workbench.
const browserTests = nodeTests("tests in the browser", ["test/browser/**/*.test.ts"], {
  limitMs: 20 * MINUTE,
  flags: ["--test-isolation=none"],
});

/** Everything. The browser tests have the machine to themselves: they are what a person would see, and take pictures of it. */
export const everything: readonly Stage[] = [
  [[build]],
  [
    [...checks, inHostTests(inClone("test/rig/code-shim.ts")), pageTests],
    [unitTests, localTests],
  ],
  [[packageTests], [toolingTests, tortureTests]],
  [[browserTests]],
];

/** `npm run test:long`: what takes minutes, and finds what the samples of it in `npm test` may miss. */
export const long: readonly Stage[] = [[[nodeTests("long tests", ["test/long/*.test.ts"], { limitMs: 60 * MINUTE })]]];

/** `npm run test:desktop`: the tests inside VS Code, in a desktop editor that is downloaded unless VSCODE_EXECUTABLE names one. */
export const desktop: readonly Stage[] = [[[build]], [[inHostTests(process.env["VSCODE_EXECUTABLE"])]]];
