// The desktop editor itself cannot be had everywhere; programs that answer as it does stand in for it.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type DesktopSearch, findDesktopEditor, startDesktopEditor } from "../rig/desktop-editor.ts";
import { until } from "../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-desktop-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function editor(name: string, { version = "1.130.0", product = "Visual Studio Code", script = "" } = {}): string {
  const path = join(folder, name, "code");
  mkdirSync(join(path, ".."), { recursive: true });
  const answers = `case "$1" in --version) printf "%s\\nabc\\nx64\\n" "${version}"; exit;; --help) echo "${product} ${version}"; exit;; esac`;
  writeFileSync(path, `#!/bin/sh\n${answers}\n${script}\n`, { mode: 0o755 });
  return path;
}
const search = (paths: readonly string[], more: Record<string, string> = {}): DesktopSearch =>
  findDesktopEditor("^1.125.0", folder, {
    PATH: [...paths.map((path) => join(path, "..")), "/usr/bin", "/bin"].join(":"),
    DISPLAY: ":7",
    ...more,
  });

describe(
  "which desktop editor fits",
  { skip: process.platform === "linux" ? false : "stand-ins are shell scripts in Linux's places" },
  () => {
    test("the first that is new enough, past one that is too old", () => {
      const [old, fitting] = [editor("old", { version: "1.124.9" }), editor("fitting", { version: "1.125.0" })];
      const found = search([old, fitting]);
      assert.deepEqual(found.editor, { command: fitting, version: "1.125.0" });
      assert.deepEqual(found.misfits, [`${old} is 1.124.9; 1.125.0 or newer is needed`]);
    });
    test("no other product that answers to the same name", () => {
      const other = editor("other", { version: "2.4.0", product: "Another Editor" });
      const alike = editor("alike", { product: "Another Editor" });
      assert.equal(search([other, alike]).editor, undefined);
      assert.match(search([alike]).misfits[0] ?? "", /is not VS Code/);
    });
    test("no shim that hands over to another machine's editor", () => {
      const shim = editor("bin/remote-cli");
      assert.match(search([shim]).misfits[0] ?? "", /belongs to another machine's editor/);
    });
    test("the variables of the terminal that the command was typed in do not reach the editor", () => {
      const nosy = editor("nosy", { version: "${VSCODE_IPC_HOOK_CLI:-1.130.0}" });
      assert.equal(search([nosy], { VSCODE_IPC_HOOK_CLI: "/run/other-editor.sock" }).editor?.version, "1.130.0");
    });
    test("none without a display", () => {
      const { editor: found, misfits } = search([editor("fitting")], { DISPLAY: "" });
      assert.deepEqual([found, misfits], [undefined, ["there is no display"]]);
    });
  },
);

test(
  "it runs with folders of its own and waits, and its stop ends what runs apart from it",
  { skip: process.platform === "linux" ? false : "a stand-in for Linux" },
  async () => {
    const home = join(folder, "home");
    const log = join(folder, "arguments.txt");
    // Like `code`: starts the editor apart from itself, and with --wait stays until it has ended.
    const script = `
echo "$@" >> '${log}'
case "$*" in *--install-extension*) exit 0;; esac
setsid sh -c 'echo $$ > "${home}/user-data/code.lock"; exec sleep 600' &
wait`;
    const command = editor("running", { script });
    mkdirSync(home);
    const running = await startDesktopEditor({
      editor: { command, version: "1.130.0" },
      folder: home,
      workspaceFolder: "/ws",
      vsix: "/parley.vsix",
      settings: { a: 1 },
    });
    const lock = join(home, "user-data/code.lock");
    await until(() => existsSync(lock) && readFileSync(lock, "utf8").trim() !== "", "the stand-in's lock file");
    const pid = Number(readFileSync(lock, "utf8"));
    await running.stop();
    assert.throws(() => process.kill(pid, 0), /ESRCH/);
    const [install = "", window = ""] = readFileSync(log, "utf8").split("\n");
    for (const line of [install, window])
      assert.ok(line.includes(`--user-data-dir ${home}/user-data --extensions-dir ${home}/extensions`), line);
    assert.match(install, /--install-extension \/parley\.vsix --force$/);
    assert.match(window, /--wait .*\/ws$/);
    assert.equal(window.includes("--no-sandbox"), process.getuid?.() === 0);
    assert.deepEqual(JSON.parse(readFileSync(join(home, "user-data/User/settings.json"), "utf8")), { a: 1 });
  },
);
