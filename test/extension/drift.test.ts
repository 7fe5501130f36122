// What is said in two places is the same in both: commands, settings, and the words of package.json.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);
const text = (file: string): Promise<string> => readFile(new URL(file, root), "utf8");
const manifest: unknown = JSON.parse(await text("package.json"));
const words: unknown = JSON.parse(await text("package.nls.json"));

async function sourceFiles(): Promise<readonly string[]> {
  const files = await readdir(new URL("extension/", root), { recursive: true });
  return files.filter((file) => file.endsWith(".ts")).map((file) => `extension/${file}`);
}

async function source(): Promise<string> {
  return (await Promise.all((await sourceFiles()).map(text))).join("\n");
}

/** What lies at a path of JSON; a missing step fails the test. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce((inner: unknown, step) => {
    assert(typeof inner === "object" && inner !== null && step in inner, `package.json has no ${path.join(".")}`);
    return Reflect.get(inner, step);
  }, value);
}

function list(value: unknown): readonly unknown[] {
  assert(Array.isArray(value));
  return value;
}

function matches(inText: string, pattern: RegExp): readonly string[] {
  return Array.from(new Set(Array.from(inText.matchAll(pattern), ([, found = ""]) => found))).toSorted();
}

test("every command in the code is in package.json, and the reverse", async () => {
  const declared = list(at(manifest, "contributes", "commands")).map((command) => String(at(command, "command")));
  const registered = matches(await text("extension/commands.ts"), /^ {2}"(parley\.\w+)",$/gm);
  assert.deepEqual(registered, declared.toSorted());
  assert(registered.length > 10);
  for (const id of matches(await source(), /executeCommand\("(parley\.\w+)"/g)) assert(declared.includes(id), id);
});

test("menus and keys lead to commands that exist", () => {
  const declared = new Set(list(at(manifest, "contributes", "commands")).map((command) => at(command, "command")));
  const menus = Object.values(Object(at(manifest, "contributes", "menus"))).flatMap(list);
  const used = [...menus, ...list(at(manifest, "contributes", "keybindings"))].flatMap((item) =>
    typeof item === "object" && item !== null && "command" in item ? [item.command] : [],
  );
  assert(used.length > 8);
  for (const id of used) assert(declared.has(id), String(id));
});

test("every setting that the code reads is in package.json, and the reverse", async () => {
  const declared = Object.keys(Object(at(manifest, "contributes", "configuration", "properties"))).toSorted();
  const read = matches(await text("extension/settings.ts"), /get\("(\w+)"\)/g).map((name) => `parley.${name}`);
  assert.deepEqual(read, declared);
});

test("no other file reads the configuration, the secret storage or the output channel", async () => {
  const owners: Readonly<Record<string, readonly string[]>> = {
    "getConfiguration(": ["extension/settings.ts"],
    "createOutputChannel(": ["extension/log.ts"],
    SecretStorage: ["extension/secrets.ts"],
  };
  const files = await sourceFiles();
  for (const [word, allowed] of Object.entries(owners)) {
    const users: string[] = [];
    for (const file of files) {
      const code = (await text(file)).replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, "");
      if (code.includes(word)) users.push(file);
    }
    assert.deepEqual(users, allowed);
  }
});

test("addresses and files of models never come from a folder that is not trusted", () => {
  const restricted = list(at(manifest, "capabilities", "untrustedWorkspaces", "restrictedConfigurations"));
  for (const setting of ["parley.model", "parley.providers", "parley.servers", "parley.localModels"])
    assert(restricted.includes(setting), setting);
  assert.equal(at(manifest, "contributes", "configuration", "properties", "parley.localModels", "scope"), "machine");
});

test("every word of package.json is in package.nls.json, and the reverse", async () => {
  const used = matches(await text("package.json"), /"%([\w.]+)%"/g);
  assert.deepEqual(Object.keys(Object(words)).toSorted(), used);
});

test("the view that the code shows is the one in package.json", async () => {
  const view = at(manifest, "contributes", "views", "parley", 0, "id");
  assert.match(await text("extension/chat/chat-view.ts"), new RegExp(`CHAT_VIEW = "${String(view)}"`));
  for (const command of matches(await source(), /executeCommand\("(parley\.chat\.focus)"/g)) assert.equal(command, `${String(view)}.focus`);
});
