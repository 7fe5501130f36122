// What windows tell each other of the models that they have in memory.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import { writeDemoModel } from "../../../sidecar/local/demo/generate.ts";
import { InferenceClient } from "../../../sidecar/local/inference-client.ts";
import { LoadedModels } from "../../../sidecar/local/loaded-models.ts";
import { createLocalProvider } from "../../../sidecar/local/local-provider.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import { until } from "../../support/until.ts";
import { askModel, user } from "./local-answer.ts";

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-loaded-"));
  t.after(() => rmSync(folder, { recursive: true, maxRetries: 5 }));
  return join(folder, "loaded-models");
}

const model = { file: "/models/some.gguf", bytes: 4_200_000_000 };

describe("a notice of loaded models", () => {
  it("is read by others, not by its own process's window, and is gone after the end", async (t) => {
    const folder = newFolder(t);
    const mine = new LoadedModels(folder);
    const other = new LoadedModels(folder);
    t.after(() => Promise.all([mine.close(), other.close()]));
    assert.deepEqual(await other.elsewhere(model.file), []);
    assert.equal(existsSync(folder), false);
    await mine.tell([model]);
    assert.deepEqual(await other.elsewhere(model.file), [model]);
    assert.deepEqual(await other.elsewhere("/models/another.gguf"), []);
    assert.deepEqual(await mine.elsewhere(model.file), []);
    await mine.tell([]);
    assert.deepEqual(await other.elsewhere(model.file), []);
    assert.deepEqual(readdirSync(folder), []);
  });

  it("of a process that is gone, or whose heart has stopped, is passed over and deleted; what is no notice is left alone", async (t) => {
    const folder = newFolder(t);
    mkdirSync(folder);
    const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
    await once(child, "exit");
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
    write("dead.json", JSON.stringify({ pid: child.pid, models: [model] }));
    write("silent.json", JSON.stringify({ pid: process.pid, models: [model] }));
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(join(folder, "silent.json"), longAgo, longAgo);
    write("half.json", '{"pid": 1, "models": [');
    write("other.json", '{"pid": "one", "models": {}}');
    write("letter.txt", "Dear reader");
    assert.deepEqual(await new LoadedModels(folder).elsewhere(model.file), []);
    assert.deepEqual(readdirSync(folder).toSorted(), ["half.json", "letter.txt", "other.json"]);
  });

  it("costs nothing but itself where the folder cannot be written to", async (t) => {
    const folder = newFolder(t);
    writeFileSync(folder, "a file");
    const models = new LoadedModels(folder);
    await models.tell([model]);
    assert.deepEqual(await models.elsewhere(model.file), []);
    await models.close();
  });
});

describe("a local model that another window has in memory", () => {
  it("is said so, with its memory, before it is loaded once more; not again while it stays", async (t) => {
    const sharedFolder = newFolder(t);
    mkdirSync(sharedFolder);
    const file = join(sharedFolder, "../demo.gguf");
    writeDemoModel(file);
    const windows = [1, 2].map(() => new InferenceClient({ sharedFolder }));
    t.after(() => Promise.all(windows.map((window) => window.close())));
    const ask = async (window: InferenceClient | undefined): Promise<readonly ProviderEvent[]> => {
      assert.ok(window !== undefined);
      const { error, events } = await askModel(createLocalProvider(window), { model: file }, [user("Hello")]);
      assert.equal(error, undefined);
      return events;
    };
    const [first, second] = windows;
    const told = (events: readonly ProviderEvent[]): number => events.findIndex((event) => event.type === "warning");
    assert.equal(told(await ask(first)), -1);
    await until(() => readdirSync(sharedFolder).some((name) => name.endsWith(".json")), "the first window's notice");
    const [warning, ...rest] = await ask(second);
    assert.ok(warning?.type === "warning");
    assert.equal(warning.code, "loaded-elsewhere");
    assert.match(warning.message ?? "", /^Another window has demo\.gguf in memory already, with \d+ MB\. It is loaded once more/);
    assert.ok(rest.some((event) => event.type === "status" && event.phase === "loading-model"));
    assert.equal(told(await ask(second)), -1);
    await Promise.all(windows.map((window) => window.close()));
    assert.deepEqual(readdirSync(sharedFolder), []);
  });
});
