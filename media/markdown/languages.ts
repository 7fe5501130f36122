// The languages whose code is coloured. The list is what models write most, held small by the page's size limit; all other
// code is shown plain, which is always right.

import type { LanguageFn } from "highlight.js";
import bash from "highlight.js/lib/languages/bash";
import clojure from "highlight.js/lib/languages/clojure";
import cmake from "highlight.js/lib/languages/cmake";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import dart from "highlight.js/lib/languages/dart";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import elixir from "highlight.js/lib/languages/elixir";
import go from "highlight.js/lib/languages/go";
import graphql from "highlight.js/lib/languages/graphql";
import haskell from "highlight.js/lib/languages/haskell";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import lua from "highlight.js/lib/languages/lua";
import makefile from "highlight.js/lib/languages/makefile";
import markdown from "highlight.js/lib/languages/markdown";
import php from "highlight.js/lib/languages/php";
import powershell from "highlight.js/lib/languages/powershell";
import protobuf from "highlight.js/lib/languages/protobuf";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import scala from "highlight.js/lib/languages/scala";
import scss from "highlight.js/lib/languages/scss";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

export interface CodeLanguage {
  /** As highlight.js knows it. */
  readonly id: string;
  readonly grammar: LanguageFn;
  /** For people. */
  readonly name: string;
  /** The grammar's own further names. They stand here, so that a name is understood without reading every grammar. */
  readonly also?: readonly string[];
  /** Still others, some of languages near enough to share the grammar: each with the name shown for it. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** The name by which other grammars ask for this one, for code within their code, where that is not `id`. */
  readonly embeddedAs?: string;
}

export const CODE_LANGUAGES: readonly CodeLanguage[] = [
  { id: "bash", grammar: bash, name: "Bash", aliases: { fish: "Fish", sh: "Shell", zsh: "Zsh" } },
  { id: "clojure", grammar: clojure, name: "Clojure", also: ["clj", "edn"] },
  { id: "cmake", grammar: cmake, name: "CMake", also: ["cmake.in"] },
  // The grammar of C++ reads C and its relatives well; one of their own would cost more than it shows.
  {
    id: "cpp",
    grammar: cpp,
    name: "C++",
    also: ["c++", "cc", "cxx", "h++", "hh", "hpp", "hxx"],
    aliases: { arduino: "Arduino", c: "C", cuda: "CUDA", h: "C", objc: "Objective-C", objectivec: "Objective-C" },
  },
  { id: "csharp", grammar: csharp, name: "C#", also: ["c#", "cs"] },
  { id: "dart", grammar: dart, name: "Dart" },
  { id: "diff", grammar: diff, name: "Diff", also: ["patch"] },
  { id: "dockerfile", grammar: dockerfile, name: "Dockerfile", also: ["docker"] },
  { id: "elixir", grammar: elixir, name: "Elixir", also: ["ex", "exs"] },
  { id: "go", grammar: go, name: "Go", also: ["golang"] },
  { id: "graphql", grammar: graphql, name: "GraphQL", also: ["gql"] },
  { id: "haskell", grammar: haskell, name: "Haskell", also: ["hs"] },
  {
    id: "ini",
    grammar: ini,
    name: "INI",
    aliases: { conf: "Configuration", dotenv: ".env", env: ".env", properties: "Properties", toml: "TOML" },
  },
  { id: "java", grammar: java, name: "Java", also: ["jsp"], aliases: { groovy: "Groovy", gradle: "Gradle" } },
  { id: "json", grammar: json, name: "JSON", also: ["jsonc"], aliases: { json5: "JSON5", jsonl: "JSON Lines", ndjson: "JSON Lines" } },
  { id: "kotlin", grammar: kotlin, name: "Kotlin", also: ["kt", "ktm", "kts", "ktx"] },
  { id: "lua", grammar: lua, name: "Lua", also: ["pluto"] },
  { id: "makefile", grammar: makefile, name: "Makefile", also: ["mak", "make", "mk"] },
  { id: "markdown", grammar: markdown, name: "Markdown", also: ["md", "mkd", "mkdown"] },
  { id: "php", grammar: php, name: "PHP" },
  { id: "powershell", grammar: powershell, name: "PowerShell", also: ["ps", "ps1", "pwsh"] },
  { id: "protobuf", grammar: protobuf, name: "Protocol Buffers", also: ["proto"] },
  { id: "python", grammar: python, name: "Python", also: ["gyp", "ipython", "py"] },
  { id: "r", grammar: r, name: "R" },
  { id: "ruby", grammar: ruby, name: "Ruby", also: ["gemspec", "irb", "podspec", "rb", "thor"] },
  { id: "rust", grammar: rust, name: "Rust", also: ["rs"] },
  { id: "scala", grammar: scala, name: "Scala" },
  // A superset of CSS, of which it brings a complete copy.
  { id: "scss", grammar: scss, name: "SCSS", embeddedAs: "css", aliases: { css: "CSS", less: "Less", sass: "Sass" } },
  { id: "shell", grammar: shell, name: "Console", also: ["console", "shellsession"] },
  { id: "sql", grammar: sql, name: "SQL", aliases: { mysql: "MySQL", pgsql: "PostgreSQL", postgresql: "PostgreSQL", sqlite: "SQLite" } },
  { id: "swift", grammar: swift, name: "Swift" },
  // A superset of JavaScript.
  {
    id: "typescript",
    grammar: typescript,
    name: "TypeScript",
    also: ["cts", "mts"],
    embeddedAs: "javascript",
    aliases: { cjs: "JavaScript", javascript: "JavaScript", js: "JavaScript", jsx: "JSX", mjs: "JavaScript", ts: "TypeScript", tsx: "TSX" },
  },
  {
    id: "xml",
    grammar: xml,
    name: "XML",
    also: ["atom", "plist", "rss", "wsf", "xjb", "xsd", "xsl"],
    aliases: { html: "HTML", svelte: "Svelte", svg: "SVG", vue: "Vue", xhtml: "XHTML" },
  },
  { id: "yaml", grammar: yaml, name: "YAML", also: ["yml"] },
];
