// Who is measured.

import { HEAP_FLAGS } from "../../extension/client/sidecar-environment.ts";
import type { Wire } from "./server/wires.ts";

export interface Contestant {
  readonly id: string;
  /** In the table. */
  readonly name: string;
  /** In `clients/`, without its ending. */
  readonly module: string;
  readonly wire: Wire;
  /** What a program installs and imports to use it; empty for what Node brings along, and for Parley itself. */
  readonly packages: readonly string[];
  /** False: it only takes the bytes, so what it reads cannot be counted. */
  readonly readsText: boolean;
  /** For Node itself. */
  readonly flags?: readonly string[];
}

export const FLOOR = "raw-tcp";
export const PARLEY = "parley";
/** The least that somebody writes who reads one wire by hand. */
export const BY_HAND = "undici-parser";

export const CONTESTANTS: readonly Contestant[] = [
  { id: FLOOR, name: "raw TCP, the floor", module: "raw-tcp", wire: "openai-chat", packages: [], readsText: false },
  { id: "undici", name: "undici, bytes alone", module: "undici", wire: "openai-chat", packages: ["undici"], readsText: false },
  {
    id: "undici-dispatch",
    name: "undici's `dispatch`, bytes alone",
    module: "undici-dispatch",
    wire: "openai-chat",
    packages: ["undici"],
    readsText: false,
  },
  {
    id: BY_HAND,
    name: "undici + eventsource-parser + `JSON.parse`",
    module: "undici-parser",
    wire: "openai-chat",
    packages: ["undici", "eventsource-parser"],
    readsText: true,
  },
  { id: PARLEY, name: "**Parley**", module: "parley", wire: "openai-chat", packages: [], readsText: true },
  {
    id: "parley-sidecar",
    name: "**Parley**, with the sidecar's heap",
    module: "parley",
    wire: "openai-chat",
    packages: [],
    readsText: true,
    flags: HEAP_FLAGS,
  },
  {
    id: "undici-parser-counted",
    name: "undici + eventsource-parser + `JSON.parse`, usage in each chunk",
    module: "undici-parser",
    wire: "openai-chat-counted",
    packages: [],
    readsText: true,
  },
  {
    id: "parley-counted",
    name: "**Parley**, usage in each chunk",
    module: "parley",
    wire: "openai-chat-counted",
    packages: [],
    readsText: true,
  },
  { id: "parley-anthropic", name: "**Parley**, Anthropic's wire", module: "parley", wire: "anthropic", packages: [], readsText: true },
  { id: "parley-ollama", name: "**Parley**, Ollama's wire", module: "parley", wire: "ollama", packages: [], readsText: true },
  { id: "openai", name: "`openai`", module: "openai", wire: "openai-chat", packages: ["openai"], readsText: true },
  {
    id: "anthropic",
    name: "`@anthropic-ai/sdk`",
    module: "anthropic",
    wire: "anthropic",
    packages: ["@anthropic-ai/sdk"],
    readsText: true,
  },
  { id: "ollama", name: "`ollama`", module: "ollama", wire: "ollama", packages: ["ollama"], readsText: true },
  {
    id: "langchain",
    name: "LangChain.js",
    module: "langchain",
    wire: "openai-chat",
    packages: ["@langchain/openai", "@langchain/core"],
    readsText: true,
  },
  {
    id: "ai-sdk",
    name: "`ai` + `@ai-sdk/openai-compatible`",
    module: "ai-sdk",
    wire: "openai-chat",
    packages: ["ai", "@ai-sdk/openai-compatible", "zod"],
    readsText: true,
  },
];
