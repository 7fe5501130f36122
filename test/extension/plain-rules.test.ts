// Small rules of the extension that need neither an editor nor a process.

import assert from "node:assert/strict";
import path from "node:path";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { test } from "node:test";
import { chatHtml } from "../../extension/chat/chat-html.ts";
import { timeAgo } from "../../extension/chat/time-ago.ts";
import { isFromWebview } from "../../extension/chat/webview-messages.ts";
import { forEachLine } from "../../extension/client/log-lines.ts";
import { RestartPolicy } from "../../extension/client/restart-policy.ts";
import { sidecarEnvironment } from "../../extension/client/sidecar-environment.ts";
import { DisposableStore } from "../../extension/dispose.ts";
import { isBinary, notebookText } from "../../extension/files/file-text.ts";
import { innermost } from "../../extension/prompts/innermost-symbol.ts";
import { linesLabel } from "../../extension/prompts/lines-label.ts";

test("a crash is survived with growing pauses, the fifth in three minutes is not", () => {
  const policy = new RestartPolicy();
  const decisions = [0, 1_000, 2_000, 3_000].map((now) => policy.crashed(now));
  assert.deepEqual(decisions, [
    { restart: true, afterMs: 20 },
    { restart: true, afterMs: 500 },
    { restart: true, afterMs: 2_000 },
    { restart: true, afterMs: 5_000 },
  ]);
  assert.deepEqual(policy.crashed(179_999), { restart: false, crashes: 5 });
});

test("crashes that lie further back than three minutes no longer count", () => {
  const policy = new RestartPolicy();
  for (const now of [0, 1, 2, 3]) policy.crashed(now);
  assert.deepEqual(policy.crashed(180_003), { restart: true, afterMs: 20 });
});

test("a restart that was asked for begins anew", () => {
  const policy = new RestartPolicy();
  for (const now of [0, 1, 2, 3]) policy.crashed(now);
  policy.reset();
  assert.deepEqual(policy.crashed(4), { restart: true, afterMs: 20 });
});

test("keys, NODE_OPTIONS and the editor's own variables do not reach the sidecar; proxies and certificates do", () => {
  const source = {
    PATH: "/bin",
    Path: "C:\\bin",
    SystemRoot: "C:\\Windows",
    HOME: "/h",
    CUDA_VISIBLE_DEVICES: "0",
    OPENAI_API_KEY: "sk",
    HF_TOKEN: "hf",
    NODE_OPTIONS: "--require x",
    HTTPS_PROXY: "http://u:p@proxy",
    no_proxy: "corp.test",
    NODE_EXTRA_CA_CERTS: "/ca.pem",
    VSCODE_IPC_HOOK_CLI: "/sock",
    ELECTRON_RUN_AS_NODE: "0",
  };
  const storage = path.join("storage", "of-parley");
  assert.deepEqual(sidecarEnvironment(source, storage), {
    NODE_COMPILE_CACHE: path.join(storage, "compiled"),
    ...sidecarEnvironment(source, null),
  });
  assert.deepEqual(sidecarEnvironment(source, null), {
    ELECTRON_RUN_AS_NODE: "1",
    PATH: "/bin",
    Path: "C:\\bin",
    SystemRoot: "C:\\Windows",
    HOME: "/h",
    CUDA_VISIBLE_DEVICES: "0",
    HTTPS_PROXY: "http://u:p@proxy",
    no_proxy: "corp.test",
    NODE_EXTRA_CA_CERTS: "/ca.pem",
  });
});

async function linesOf(...pieces: readonly Uint8Array[]): Promise<readonly string[]> {
  const stream = Readable.from(pieces, { objectMode: false });
  const lines: string[] = [];
  forEachLine(stream, (line) => lines.push(line));
  await finished(stream);
  return lines;
}

test("lines of a log come whole, also when they were cut inside a character", async () => {
  const bytes = Buffer.from("één\r\n\ntwo\nlast");
  const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
  assert.deepEqual(await linesOf(...pieces), ["één", "two", "last"]);
});

test("a line without end is cut, once", async () => {
  const long = Buffer.from("x".repeat(9_000));
  const lines = await linesOf(long, long, long, Buffer.from("\nnext\n"));
  assert.deepEqual(
    lines.map((line) => line.length),
    [8_002, 4],
  );
});

test("the store ends all it holds, newest first, even if one throws, and what comes too late at once", () => {
  const store = new DisposableStore();
  const ended: string[] = [];
  store.add({ dispose: () => ended.push("first") });
  store.add({
    dispose: () => {
      throw new Error("no");
    },
  });
  store.add({ dispose: () => ended.push("last") });
  assert.throws(() => store.dispose(), AggregateError);
  store.add({ dispose: () => ended.push("late") });
  store.dispose();
  assert.deepEqual(ended, ["last", "first", "late"]);
});

test("the page lets in nothing from outside, and runs nothing without the nonce", () => {
  const html = chatHtml({
    script: "https://w/chat.js",
    imports: ["https://w/shared.js"],
    styles: ["https://w/a.css"],
    cspSource: "https://w",
    nonce: "abc",
    language: 'e"n',
  });
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? "";
  assert.deepEqual(policy.split("; "), [
    "default-src 'none'",
    "img-src https://w data:",
    "font-src https://w",
    "style-src https://w 'nonce-abc'",
    "script-src 'nonce-abc'",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  assert.match(html, /<script type="module" nonce="abc" src="https:\/\/w\/chat.js">/);
  assert.match(html, /lang="e&quot;n"/);
  assert.doesNotMatch(html, /unsafe|onload=|style="/);
});

test("only messages of the catalogue are taken from the page", () => {
  const good = [
    { type: "ready" },
    { type: "send", text: "" },
    { type: "applied", message: "m", seq: 3 },
    { type: "open-file", uri: "file:///a" },
    { type: "open-file", uri: "file:///a", startLine: 1, endLine: 2 },
    { type: "action", action: "retry", message: "m" },
  ];
  const bad = [
    null,
    "ready",
    {},
    { type: "toString" },
    { type: "send" },
    { type: "send", text: 1 },
    { type: "applied", message: "m", seq: 1.5 },
    { type: "open-file", uri: "file:///a", startLine: "1" },
    { type: "action", action: "constructor" },
  ];
  assert.deepEqual(good.filter(isFromWebview), good);
  assert.deepEqual(bad.filter(isFromWebview), []);
});

test("zero bytes make a file binary, unless it is UTF-16", () => {
  assert.equal(isBinary(Buffer.from("text")), false);
  assert.equal(isBinary(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0)), true);
  assert.equal(isBinary(Buffer.from("\uFEFFtext", "utf16le")), false);
  assert.equal(isBinary(new Uint8Array()), false);
});

test("a notebook is its cells' text, code in a fence that the code cannot close", () => {
  const text = notebookText([
    { kind: "markup", languageId: "markdown", text: "# Title" },
    { kind: "code", languageId: "python", text: "x = 1\n```\ny" },
  ]);
  assert.equal(text, "# Title\n\n````python\nx = 1\n```\ny\n````");
});

test("the caret stands in the innermost function or class, not in a variable", () => {
  const variable = { startLine: 3, endLine: 3, isCode: false, children: [] };
  const method = { startLine: 2, endLine: 5, isCode: true, children: [variable] };
  const type = { startLine: 0, endLine: 9, isCode: true, children: [method] };
  assert.equal(innermost([type], 3), method);
  assert.equal(innermost([type], 7), type);
  assert.equal(innermost([type], 10), undefined);
  assert.equal(innermost([variable], 3), undefined);
});

test("times are told in the largest unit that fits, and as a date after a week", () => {
  const now = Date.UTC(2026, 10, 22, 12);
  assert.equal(timeAgo(now - 30_000, now, "en"), "this minute");
  assert.equal(timeAgo(now - 5 * 60_000, now, "en"), "5 min. ago");
  assert.equal(timeAgo(now - 26 * 3_600_000, now, "en"), "yesterday");
  assert.equal(timeAgo(now - 8 * 86_400_000, now, "en"), "Nov 14, 2026");
  assert.equal(timeAgo(now + 60_000, now, "en"), "this minute");
});

test("the lines of a selection are named as editors name them, one line without a range", () => {
  const name = "src/order.ts";
  assert.equal(linesLabel({ name, startLine: 3, endLine: 9 }), "src/order.ts:3-9");
  assert.equal(linesLabel({ name, startLine: 1, endLine: 1 }), "src/order.ts:1");
  assert.equal(linesLabel({ name }), name);
});
