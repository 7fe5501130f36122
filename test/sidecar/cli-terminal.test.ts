import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { PrintableText } from "../../sidecar/cli/printable-text.ts";
import { Terminal, type TerminalHost } from "../../sidecar/cli/terminal.ts";

const screen = (): PassThrough & { isTTY: boolean } => Object.assign(new PassThrough(), { isTTY: true });
const hostWith = (some: Partial<TerminalHost> = {}): TerminalHost => ({
  env: {},
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  on: () => undefined,
  exit: () => undefined,
  ...some,
});

describe("the terminal", () => {
  it("aborts at the first Ctrl+C and ends the process at once at the second", () => {
    const exits: number[] = [];
    const listeners = new Map<string, () => void>();
    const terminal = new Terminal(hostWith({ on: (event, listener) => listeners.set(event, listener), exit: (code) => exits.push(code) }));
    const send = (signal: string): void => (listeners.get(signal) ?? assert.fail(`nobody listens to ${signal}`))();
    send("SIGINT");
    assert.deepEqual([terminal.signal.aborted, terminal.stopStatus, exits], [true, 130, []]);
    send("SIGINT");
    send("SIGTERM");
    assert.deepEqual([terminal.stopStatus, exits], [130, [130, 143]]);
  });

  it("shows passing lines to somebody who watches, and to nobody else", async () => {
    const both = screen();
    const watched = new Terminal(hostWith({ stdout: both, stderr: both }));
    watched.progress("1 of 2");
    await watched.write("text\n");
    watched.progress("2 of 2");
    watched.note("note");
    assert.equal(String(both.read()), "1 of 2\r\u001B[Ktext\n2 of 2\r\u001B[Kparley: note\n");
    const log = new PassThrough();
    new Terminal(hostWith({ stderr: log })).progress("1 of 2");
    assert.equal(log.read(), null);
  });

  it("waits for a slow reader instead of filling the memory", async () => {
    const stdout = new PassThrough({ highWaterMark: 10 });
    let written = false;
    const writing = new Terminal(hostWith({ stdout })).write("more than ten characters").then(() => (written = true));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(written, false);
    stdout.resume();
    await writing;
  });

  it("gives a screen what is printable, and a pipe or a file every byte", async () => {
    const [shown, told, piped, logged] = [screen(), screen(), new PassThrough(), new PassThrough()];
    for (const host of [hostWith({ stdout: shown, stderr: told }), hostWith({ stdout: piped, stderr: logged })]) {
      const terminal = new Terminal(host);
      await terminal.write("a\u001B]0;a ti");
      await terminal.write("tle\u0007b\n");
      terminal.note("it said \u001B[2Jno");
    }
    assert.deepEqual([String(shown.read()), String(told.read())], ["ab\n", "parley: it said no\n"]);
    assert.deepEqual([String(piped.read()), String(logged.read())], ["a\u001B]0;a title\u0007b\n", "parley: it said \u001B[2Jno\n"]);
  });

  it("prints JSON that means the same on a screen", async () => {
    const shown = screen();
    const value = { text: "\u001B[2J \u009B2J \u009D0;x\u009C \u007F\r\n" };
    await new Terminal(hostWith({ stdout: shown })).writeJson(value, { text: "é" });
    const lines = String(shown.read()).split("\n");
    assert.deepEqual(
      lines.slice(0, 2).map((line): unknown => JSON.parse(line)),
      [value, { text: "é" }],
    );
    assert.doesNotMatch(lines.join(""), /\p{Cc}/u);
  });

  it("tells a reader who has gone from an output that cannot be written", () => {
    for (const [code, failure] of [
      ["EPIPE", undefined],
      ["ENOSPC", "no space left"],
    ] as const) {
      const stdout = new PassThrough();
      const terminal = new Terminal(hostWith({ stdout }));
      stdout.emit("error", Object.assign(new Error("no space left"), { code }));
      assert.deepEqual([terminal.signal.aborted, terminal.outputFailure], [true, failure]);
    }
  });
});

describe("printable text", () => {
  const table: readonly (readonly [string, string, string])[] = [
    ["is what it was where nothing acts on a terminal", "Grüße,\t四十二 👩‍💻\n", "Grüße,\t四十二 👩‍💻\n"],
    ["loses colours and movements", "\u001B[1;31mred\u001B[0m\u001B[2J\u001B[?25lx", "redx"],
    ["loses titles and the clipboard, closed by a bell or by ST", "a\u001B]0;title\u0007b\u001B]52;c;aGk=\u001B\\c", "abc"],
    ["keeps the words of a link", "\u001B]8;;https://x.example\u001B\\here\u001B]8;;\u001B\\", "here"],
    ["loses device, privacy and application strings", "a\u001BPq#0\u001B\\b\u001B^x\u001B\\c\u001B_G\u001B\\d\u001BXs\u001B\\e", "abcde"],
    ["loses the same in their 8-bit form", "a\u009B31mb\u009D0;t\u009Cc\u0090q\u009Cd\u0085e", "abcde"],
    ["loses short sequences and choices of letters", "a\u001Bcb\u001B(0c\u001B#8d\u001B7e", "abcde"],
    ["loses other control characters", "a\u0000\u0007b\b\u000Bc\u000Ed\u007Fe", "abcde"],
    ["has one line break for each", "a\r\nb\rc\r\r\nd\n", "a\nb\nc\n\nd\n"],
    ["goes on after a sequence that is broken off", "\u001B[31\nnext \u001B\u001B[0mé \u001B[1é", "\nnext é é"],
    ["is not hidden by a string that nobody closes", "a\u001B]0;for ever\nnext", "a\nnext"],
    ["ends within a sequence without it", "a\u001B[3", "a"],
  ];
  for (const [title, text, printable] of table) {
    it(`${title}, whole and in pieces of any length`, () => {
      assert.equal(new PrintableText().push(text), printable);
      const units = new PrintableText();
      assert.equal(
        text
          .split("")
          .map((unit) => units.push(unit))
          .join(""),
        printable,
      );
      for (let cut = 1; cut < text.length; cut++) {
        const cutText = new PrintableText();
        assert.equal(cutText.push(text.slice(0, cut)) + cutText.push(text.slice(cut)), printable, `cut at ${cut}`);
      }
    });
  }
});
