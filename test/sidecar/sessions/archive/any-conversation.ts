// Conversations by chance, the same for the same seed, that hold whatever a file could trip over.

import type { ArchivedMessage, Conversation } from "../../../../sidecar/sessions/archive/conversation.ts";
import type { AssistantPart, JsonObject, JsonValue, Message, Part, UserPart } from "../../../../sidecar/types.ts";
import { below, oneOf, seededRandom, type Random } from "../../../support/seeded-random.ts";

const pieces = [
  "",
  " ",
  "  \n",
  "\n",
  "\n\n\n",
  "\r\n",
  "\r",
  "\t",
  "\0",
  "\u001B[31m",
  "\u007F\u0085",
  "\u2028",
  "\u2029",
  "\uFEFF",
  "\uD800",
  "\uDFFF",
  "😀",
  "e\u0301 \u200D \u202E",
  "\uFFFE\uFFFF",
  "word",
  "# Heading",
  "## 1. User",
  "---\n",
  "---\nparley: conversation/1\n---\n",
  "```",
  "```ts\nconst a = 1;\n```\n",
  "\n~~~~\n",
  "\n````markdown\n",
  "    ```\n",
  "`",
  "<!--",
  "-->",
  "\n-->",
  "--!>",
  "<!-- parley:text -->",
  "\n<!-- parley:text -->\n\n",
  '\n<!-- parley:message {"id":"x"} -->\n',
  '\n<!-- parley:end {"messages":1} -->\n',
  "\n\\<!-- parley:text -->",
  "\n\\\\<!-- parley:end -->",
  "\r<!-- parley:text -->",
  "\n<!-- parley:",
  "</details>",
  "\n\n</details>",
  "<details><summary>Reasoning</summary>\n\n",
  "&#x0D;",
  "&#x26;#x0A;",
  "&amp;",
  "\\",
  "\\u0000",
  '"',
  "![a](data:image/png;base64,AAAA)",
  '{"schema_version":"session-archive/v1"}',
  "[1]: javascript:alert(1)",
  "\n\n\n- a\n\n      b\n",
];

export function anyText(random: Random, most = 12): string {
  return Array.from({ length: below(random, most) }, () => oneOf(random, pieces)).join("");
}

function anyJson(random: Random, depth = 2): JsonValue {
  switch (below(random, depth > 0 ? 7 : 5)) {
    case 0:
      return null;
    case 1:
      return random() < 0.5;
    case 2:
      return below(random, 1_000_000) / (1 + below(random, 7));
    case 3:
    case 4:
      return anyText(random, 4);
    case 5:
      return Array.from({ length: below(random, 3) }, () => anyJson(random, depth - 1));
    default:
      return anyObject(random, depth - 1);
  }
}

function anyObject(random: Random, depth = 2): JsonObject {
  // Without halves of surrogate pairs, which texts have: a name that is nothing but one came back from `JSON.parse` as "\\" in
  // one of some thousand runs of this very object, and in none of ten million of others.
  const name = anyText(random, 3).toWellFormed();
  const names = ["name", "status", "call_id", "parley", "requested_tool_calls", "__proto__", "toString", name];
  return Object.fromEntries(Array.from({ length: below(random, 4) }, () => [oneOf(random, names), anyJson(random, depth)]));
}

function maybe<T extends object>(random: Random, value: () => T): T | undefined {
  return random() < 0.4 ? value() : undefined;
}

type Parts = { readonly [Type in Part["type"]]: (random: Random) => Extract<Part, { readonly type: Type }> };

const parts: Parts = {
  text: (random) => ({ type: "text", text: anyText(random) }),
  reasoning: (random) => ({ type: "reasoning", text: anyText(random) }),
  image: (random) =>
    random() < 0.7
      ? { type: "image", mediaType: "image/png", data: Buffer.from(anyText(random)).toString("base64") }
      : { type: "image", mediaType: anyText(random, 3), data: anyText(random, 3) },
  file: (random) => ({
    type: "file",
    uri: `file:///${anyText(random, 3)}`,
    name: anyText(random, 3),
    text: anyText(random),
    ...maybe(random, () => ({ languageId: oneOf(random, ["typescript", "c++", "``` x", "a b"]) })),
    ...maybe(random, () => ({ startLine: 3, endLine: 3 + below(random, 9) })),
  }),
  "tool-call": (random) => ({
    type: "tool-call",
    id: anyText(random, 3),
    name: anyText(random, 3),
    arguments: oneOf(random, ['{"a":1}', "{", "[]", anyText(random)]),
  }),
  "tool-result": (random) => ({
    type: "tool-result",
    id: anyText(random, 3),
    content: anyText(random),
    ...maybe(random, () => ({ name: anyText(random, 3) })),
    ...maybe(random, () => ({ isError: random() < 0.5 })),
  }),
  opaque: (random) => ({ type: "opaque", provider: anyText(random, 3), data: anyJson(random) }),
};

function anyMessage(random: Random, role: Message["role"]): Message {
  const several = <T>(...kinds: readonly ((random: Random) => T)[]): readonly T[] =>
    Array.from({ length: oneOf(random, [0, 1, 1, 1, 2, 4]) }, () => oneOf(random, kinds)(random));
  switch (role) {
    case "system":
      return { role, content: several(parts.text) };
    case "user":
      return { role, content: several<UserPart>(parts.text, parts.text, parts.image, parts.file) };
    case "tool":
      return { role, content: several(parts["tool-result"]) };
    default:
      return { role, content: several<AssistantPart>(parts.text, parts.text, parts.reasoning, parts["tool-call"], parts.opaque) };
  }
}

function anyOutcome(random: Random): Partial<ArchivedMessage> {
  return {
    ...maybe(random, () => ({ model: oneOf(random, ["openai/gpt-5-mini", "openrouter/a/b", "local//x.gguf"]) })),
    ...maybe(random, () => ({ status: oneOf(random, ["complete", "cancelled", "error", "incomplete"] as const) })),
    ...maybe(random, () => ({ finishReason: oneOf(random, ["stop", "length", "other", null] as const) })),
    ...maybe(random, () => ({ usage: { inputTokens: below(random, 1e6), outputTokens: 7, reasoningTokens: 3, estimated: true } })),
    ...maybe(random, () => ({ cost: { amount: random() / 1000, currency: "USD" as const, source: "charged" as const } })),
    ...maybe(random, () => ({ timings: { firstTokenMs: random() < 0.5 ? null : random() * 1000, totalMs: random() * 1e5 } })),
    ...maybe(random, () => ({
      error: {
        kind: "network" as const,
        phase: "mid-stream" as const,
        message: anyText(random),
        retryable: true,
        retryAfterMs: 12.5,
        ...maybe(random, () => ({ rejectedText: anyText(random) })),
      },
    })),
  };
}

export function anyConversation(seed: number): Conversation {
  const random = seededRandom(seed);
  const messages: ArchivedMessage[] = [];
  const ids = new Set<string>();
  for (let count = below(random, 12); count > 0; count -= 1) {
    const id = `${seed}-${messages.length} ${anyText(random, 3)}`.slice(0, 150);
    const role = oneOf(random, ["user", "assistant", "assistant", "user", "system", "tool"] as const);
    const before = messages.at(-1 - (random() < 0.7 ? 0 : below(random, messages.length + 1)));
    const createdAt = oneOf(random, [
      1_790_000_000_000 + below(random, 1e9),
      below(random, 1e9),
      -1,
      253_402_300_800_000,
      -62_200_000_000_000,
    ]);
    ids.add(id);
    messages.push({
      id,
      parent: before?.id ?? null,
      message: anyMessage(random, role),
      createdAt,
      ...anyOutcome(random),
      ...maybe(random, () => ({ metadata: anyObject(random) })),
    });
  }
  return {
    session: {
      id: `session ${anyText(random, 3)}`.slice(0, 150),
      title: anyText(random, 6),
      model: oneOf(random, ["openai/gpt-5-mini", "a/b/c", "nothing", "/x", "x/"]),
      createdAt: 1_790_000_000_123,
      updatedAt: 1_790_000_999_999,
      leaf: messages.length === 0 || random() < 0.1 ? null : oneOf(random, messages).id,
      ...maybe(random, () => ({ systemPrompt: anyText(random) })),
      ...maybe(random, () => ({
        parameters: { temperature: 0.5, stop: ["\n<!-- parley:end -->", "x"], tools: [{ name: "t", parameters: { type: "object" } }] },
      })),
      ...maybe(random, () => ({ metadata: anyObject(random) })),
    },
    messages,
  };
}
