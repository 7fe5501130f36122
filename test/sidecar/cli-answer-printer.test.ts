import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { TextPrinter } from "../../sidecar/cli/answer-printer.ts";
import { Terminal } from "../../sidecar/cli/terminal.ts";
import type { StreamEvent } from "../../sidecar/types.ts";

const reading = (progress: number): StreamEvent => ({ seq: 1, type: "status", phase: "processing-prompt", progress });
const text = (text: string): StreamEvent => ({ seq: 2, type: "text-delta", text });
const CLEARED = "\r\u001B[K";

/** What stands on a screen, and what a pipe gets, after these events one by one. */
async function printed(events: readonly StreamEvent[], isTTY: boolean): Promise<string> {
  const screen = Object.assign(new PassThrough(), { isTTY });
  const host = { env: {}, stdin: new PassThrough(), stdout: screen, stderr: screen, on: () => undefined, exit: () => undefined };
  const printer = new TextPrinter(new Terminal(host));
  for (const event of events) await printer.print([event]);
  return String(screen.read());
}

test("while a prompt is read, somebody who watches sees how far, until the text comes", async () => {
  const events = [reading(0), reading(0.509), text("An answer.\n")];
  const shown = `reading the prompt, 0 %…${CLEARED}reading the prompt, 50 %…${CLEARED}An answer.\n`;
  assert.equal(await printed(events, true), shown);
  assert.equal(await printed(events, false), "An answer.\n");
});

test("a passing line never takes the place of text", async () => {
  assert.equal(await printed([text("Half a"), reading(0.5), text(" line\n")], true), "Half a line\n");
});
