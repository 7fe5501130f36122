// A browser for the tests: one that is found, else one that the system's package manager brings where that needs no password.

import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError } from "../../bootstrap.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "microsoft-edge-stable"];
const WINDOWS_PLACES = ["Google/Chrome/Application/chrome.exe", "Chromium/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe"];
const MAC_PLACES = ["Google Chrome", "Chromium", "Microsoft Edge"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);

/** Package managers that install without asking, when the user may. */
const INSTALLERS: ReadonlyArray<{ readonly command: string; readonly steps: readonly (readonly string[])[] }> = [
  {
    command: "apt-get",
    steps: [
      ["update", "-q"],
      ["install", "-q", "-y", "--no-install-recommends", "chromium"],
    ],
  },
  { command: "dnf", steps: [["install", "-y", "chromium"]] },
  { command: "pacman", steps: [["-Sy", "--noconfirm", "chromium"]] },
];

type Environment = Readonly<Record<string, string | undefined>>;

/** The browser's path, or undefined. `CHROMIUM_PATH` wins over all else, and an error says so when it names nothing. */
export function findChromium(environment: Environment = process.env): string | undefined {
  const chosen = environment["CHROMIUM_PATH"];
  if (chosen !== undefined && chosen !== "") {
    if (isProgram(chosen)) return chosen;
    throw new SetupError(`CHROMIUM_PATH names ${chosen}, which is not a program. Correct it or unset it.`);
  }
  return [...onPath(NAMES, environment), ...usualPlaces(environment)].find(isProgram);
}

/** The browser's path; installs one where it can. */
export async function ensureChromium(environment: Environment = process.env): Promise<string> {
  const found = findChromium(environment);
  if (found !== undefined) return found;
  const ask = "Install Chromium, Chrome or Edge (or set CHROMIUM_PATH to one), then run the command again.";
  const isRoot = process.getuid?.() === 0;
  const installer = INSTALLERS.find(({ command }) => onPath([command], environment).some(isProgram));
  if (!isRoot || installer === undefined) throw new SetupError(`No browser for the tests was found. ${ask}`);
  console.log(`Installing Chromium with ${installer.command} …`);
  const started = Date.now();
  for (const step of installer.steps) {
    const { status } = spawnSync(installer.command, step, { stdio: "inherit", env: { ...environment, DEBIAN_FRONTEND: "noninteractive" } });
    if (status !== 0) throw new SetupError(`\`${installer.command} ${step.join(" ")}\` failed. ${ask}`);
  }
  const installed = findChromium(environment);
  if (installed === undefined) throw new SetupError(`${installer.command} brought no browser that could be found. ${ask}`);
  console.log(`  done in ${Math.round((Date.now() - started) / 1000)} s`);
  return installed;
}

function onPath(names: readonly string[], environment: Environment): string[] {
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

function usualPlaces(environment: Environment): string[] {
  if (process.platform === "darwin") return MAC_PLACES;
  if (process.platform !== "win32") return [];
  const roots = [environment["ProgramFiles"], environment["ProgramFiles(x86)"], environment["LOCALAPPDATA"]];
  return roots.flatMap((root) => (root === undefined ? [] : WINDOWS_PLACES.map((place) => join(root, place))));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
