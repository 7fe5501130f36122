import assert from "node:assert/strict";
import { test } from "node:test";
import { type TabContent, openFiles } from "../../extension/files/open-files.ts";

const text = (uri: string): TabContent => ({ kind: "text", uri });

const cases: readonly (readonly [string, readonly TabContent[], readonly string[]])[] = [
  [
    "files come in the order of their tabs, each once",
    [text("file:///b"), text("file:///a"), text("file:///b")],
    ["file:///b", "file:///a"],
  ],
  [
    "untitled documents and notebooks count",
    [text("untitled:Untitled-1"), { kind: "notebook", uri: "file:///n.ipynb" }],
    ["untitled:Untitled-1", "file:///n.ipynb"],
  ],
  ["files of a file system that nobody has heard of count", [text("invented://host/a.txt")], ["invented://host/a.txt"]],
  [
    "what only looks like a document does not count",
    [
      text("output:Parley"),
      text("vscode-userdata:/settings.json"),
      text("vscode-settings:///defaults"),
      text("parley-result:/1/Summary.md"),
      { kind: "other" },
    ],
    [],
  ],
  [
    "a diff with source control counts as the file",
    [{ kind: "diff", original: "git:/w/a.ts?%7B%22ref%22%3A%22~%22%7D", modified: "file:///w/a.ts" }],
    ["file:///w/a.ts"],
  ],
  [
    "a diff that is open beside its file adds nothing",
    [text("file:///w/a.ts"), { kind: "diff", original: "git:/w/a.ts?x", modified: "file:///w/a.ts" }],
    ["file:///w/a.ts"],
  ],
  [
    "a diff between two versions counts as the file that they share",
    [{ kind: "diff", original: "git:/w/a.ts?HEAD", modified: "git:/w/a.ts?index" }],
    ["file:///w/a.ts"],
  ],
  ["a diff between two files counts as both", [{ kind: "diff", original: "file:///a", modified: "file:///b" }], ["file:///a", "file:///b"]],
  ["an old version alone is not what lies there", [text("git:/w/a.ts?HEAD")], []],
  [
    "a custom editor's file counts, a picture does not",
    [
      { kind: "custom", uri: "file:///d.drawio", viewType: "drawio.editor" },
      { kind: "custom", uri: "file:///p.png", viewType: "imagePreview.previewEditor" },
    ],
    ["file:///d.drawio"],
  ],
];

for (const [title, tabs, expected] of cases) {
  test(title, () => assert.deepEqual(openFiles(tabs), expected));
}
