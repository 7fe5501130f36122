// Every state that the page can be in, as the messages that lead to it: for screenshots, and for looking at them.

import type { FailureWords, ToWebview } from "../../../media/protocol.ts";
import type { StreamEventBody } from "../../../sidecar/types.ts";
import { answer, demoModel, events, question, realModel, SESSION, show, stored } from "./chat-driver.ts";
import { failureOf } from "./failure-of.ts";
import { LONG } from "./long-answer.ts";

export interface Scene {
  readonly messages: readonly ToWebview[];
  /** Typed into the composer. */
  readonly draft?: string;
  /** Scrolled there before the picture is taken; else it is at the end. */
  readonly from?: "top" | "middle";
  /** Clicked before the picture is taken: accessible names of buttons. */
  readonly press?: readonly string[];
}

const figures = {
  usage: { inputTokens: 1_284, outputTokens: 412, cachedTokens: 1_024, reasoningTokens: 128 },
  timings: { firstTokenMs: 640, totalMs: 6_240 },
  cost: { amount: 0.0012, currency: "USD" as const },
};

const asked = question("q1", "How do I parse a duration like “1h 30m” in TypeScript?");
const withFile = {
  stored: stored("q1", {
    message: {
      role: "user",
      content: [
        {
          type: "file",
          uri: "file:///tea-shop/src/parse-duration.ts",
          name: "parse-duration.ts",
          languageId: "typescript",
          startLine: 12,
          endLine: 28,
          text: "export function parseDuration() {}",
        },
        {
          type: "file",
          uri: "file:///tea-shop/src/a-component-with-quite-a-long-name.test.tsx",
          name: "a-component-with-quite-a-long-name.test.tsx",
          text: "",
        },
        { type: "text", text: "Explain this code." },
      ],
    },
  }),
} as const;

const streaming = answer("a1", "", { status: "streaming", finishReason: null });
const start: StreamEventBody = { type: "start", provider: "openai", model: "gpt-5-mini" };
const words = (text: string): StreamEventBody => ({ type: "text-delta", text });

function failed(failure: FailureWords, text = ""): readonly ToWebview[] {
  const ended = answer("a1", text, { status: "error", finishReason: null, timings: { firstTokenMs: null, totalMs: 312 } });
  return [show([asked, { ...ended, failure }])];
}

const cut = (failure: FailureWords): readonly ToWebview[] => [
  show([asked, { ...answer("a1", LONG.slice(0, 420), { status: "incomplete", finishReason: null }), failure }]),
];

const WRONG_KEY =
  'HTTP 401 invalid_api_key\n{"error":{"message":"Incorrect API key provided: sk-…9Qx2.","type":"invalid_request_error","code":"invalid_api_key"}}';

const crashed: FailureWords = {
  summary: "Parley's background process (sidecar) crashed 5 times in a few minutes and is not started again by itself.",
  advice: "The log says more. Restart when the cause is gone.",
  actions: [
    { action: "show-log", label: "Show Log" },
    { action: "restart", label: "Restart" },
  ],
};

const status = (body: Extract<StreamEventBody, { type: "status" }>): readonly ToWebview[] => [
  show([asked, streaming]),
  events("a1", [start, body]),
];

const BREAKING = `Here is a line without any break: ${"abcdefghij".repeat(30)}

\`\`\`json
{"line": "${"0123456789 ".repeat(40)}"}
\`\`\`

| A column with a very long heading indeed | ${"x".repeat(60)} | C |
|---|---|---|
| ${"word ".repeat(20)} | 2 | \`${"code_".repeat(20)}\` |

https://example.com/${"a-very-long-path/".repeat(12)}`;

const SCRIPTS = `مرحبًا! هذه فقرة بالعربية مع كلمة \`const\` داخلها، ثم **نص عريض** ورقم 42.

- عنصر أول
- عنصر ثانٍ مع English في وسطه

שלום עולם: פסקה בעברית.

日本語の段落です。**太字**と\`コード\`も表示できます。中文段落:模型的回答逐字显示。한국어 문단도 있습니다.

Emoji: 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 and a family of four, ℝ → ∞, naïve façade.

\`\`\`python
# コメント: 日本語
print("שלום, مرحبا")
\`\`\``;

const THOUGHT =
  "The user wants seconds.\n\nFirst, **split** the text into pairs of number and unit, then add them up; an empty text must be refused, and so must a unit that nobody knows";

const NESTED = `Before you deploy:

1. Prepare the machine
   - install **Node 24**, which has
     - \`node:sqlite\`, and
     - \`fetch\`
   - open port 8080

   A second paragraph of the first step, with enough words to run over more than one line of a narrow view.
2. Copy the files:

   \`\`\`sh
   rsync -a ./dist/ deploy@host:/srv/app/
   \`\`\`

3. Restart
   1. stop
   2. start
      > A quotation within a list, that has
      > two lines.
10. Check
    - [x] the log
    - [ ] the metrics

# One
## Two
### Three
#### Four
Text under the last heading.

---

> Quoted **words**, and
>
> - a list in them
>
> \`\`\`json
> { "quoted": true }
> \`\`\``;

export const scenes: Readonly<Record<string, Scene>> = {
  empty: { messages: [show([])] },
  "empty-demo": { messages: [show([], { model: demoModel })] },
  "empty-no-model": { messages: [show([], { model: null, sidecar: "stopped" })] },
  short: { messages: [show([question("q1", "What is 12 × 12?"), answer("a1", "12 × 12 = **144**.", figures)])], draft: "And 13 × 13?" },
  long: { messages: [show([asked, answer("a1", LONG, figures)])], from: "top" },
  "long-end": { messages: [show([asked, answer("a1", LONG, figures)])] },
  "scrolled-back": {
    messages: [show([asked, answer("a1", LONG, figures), question("q2", "And weeks?"), answer("a2", LONG, figures)])],
    from: "top",
  },
  chips: { messages: [show([withFile, answer("a1", "It turns a text into **seconds**.", figures)])] },
  connecting: { messages: status({ type: "status", phase: "connecting" }) },
  queued: { messages: status({ type: "status", phase: "queued" }) },
  // Counts from the moment at which it is shown.
  get retrying(): Scene {
    return { messages: status({ type: "status", phase: "retrying", untilMs: Date.now() + 14_500 }) };
  },
  "loading-model": { messages: status({ type: "status", phase: "loading-model", progress: 0.42 }) },
  "reading-prompt": { messages: status({ type: "status", phase: "processing-prompt", progress: 0.8 }) },
  streaming: { messages: [show([asked, streaming]), events("a1", [start, words(LONG.slice(0, 1_060))])] },
  thinking: { messages: [show([asked, streaming]), events("a1", [start, { type: "reasoning-delta", text: THOUGHT }])] },
  "thinking-open": {
    messages: [show([asked, streaming]), events("a1", [start, { type: "reasoning-delta", text: THOUGHT }])],
    press: ["Thinking"],
  },
  thought: {
    messages: [
      show([
        asked,
        {
          stored: stored(
            "a1",
            {
              message: {
                role: "assistant",
                content: [
                  { type: "reasoning", text: THOUGHT },
                  { type: "text", text: "Add up the pairs of number and unit." },
                ],
              },
            },
            { model: realModel.ref, status: "complete", ...figures },
          ),
        },
      ]),
    ],
    press: ["Reasoning"],
  },
  "tool-call": {
    messages: [
      show([
        asked,
        {
          stored: stored(
            "a1",
            {
              message: {
                role: "assistant",
                content: [{ type: "tool-call", id: "c1", name: "read_file", arguments: '{ "path": "src/parse-duration.ts" }' }],
              },
            },
            { model: realModel.ref, status: "complete", ...figures },
          ),
        },
      ]),
    ],
    press: ["Tool call: read_file"],
  },
  error: { messages: failed(failureOf({ kind: "auth", message: WRONG_KEY })), press: ["Details"] },
  incomplete: { messages: cut(failureOf({ kind: "protocol", providerCode: "stream-cut", message: "The stream ended." })) },
  interrupted: { messages: cut(failureOf({ kind: "server", providerCode: "sidecar-ended", message: "It ended." })) },
  "too-long": { messages: cut(failureOf({ kind: "context-length", message: "HTTP 400: prompt is too long" })) },
  cancelled: { messages: [show([asked, answer("a1", LONG.slice(0, 300), { status: "cancelled", finishReason: null, ...figures })])] },
  "cut-by-length": { messages: [show([asked, answer("a1", LONG.slice(0, 220), { finishReason: "length", ...figures })])] },
  versions: {
    messages: [
      show([
        question("q1", "How do I parse a duration like “1h 30m”?", { siblings: ["q0", "q1", "q9"] }),
        answer("a1", LONG.slice(0, 420), { ...figures, siblings: ["a0", "a1"] }),
      ]),
    ],
  },
  editing: {
    messages: [
      show([asked, answer("a1", LONG.slice(0, 420), figures), question("q2", "And weeks?"), answer("a2", "Seven days each.", figures)]),
    ],
    press: ["Edit the question"],
  },
  continued: {
    messages: [
      show([
        asked,
        answer("a1", LONG.slice(0, 300), { status: "cancelled", finishReason: null, ...figures }),
        answer("a2", LONG.slice(300, 420), { ...figures, parent: "a1" }),
      ]),
    ],
  },
  summarized: {
    messages: [
      show([
        question("q0", "Hello!"),
        answer("a0", "Hello. What would you like to know?", figures),
        {
          stored: stored(
            "s1",
            {
              message: {
                role: "system",
                content: [
                  {
                    type: "text",
                    text: "The user greeted. They write TypeScript, and want durations as seconds; weeks and months were left open.",
                  },
                ],
              },
            },
            { model: realModel.ref, status: "complete", cost: figures.cost },
          ),
        },
        asked,
        answer("a1", LONG.slice(0, 420), figures),
      ]),
    ],
    press: ["Earlier messages were summarized"],
  },
  summarizing: { messages: status({ type: "status", phase: "summarizing" }) },
  elsewhere: { messages: [show([asked, { ...streaming, elsewhere: true }])], draft: "And weeks?" },
  earlier: {
    get messages() {
      const shown = show([asked, answer("a1", "Add up the pairs.", figures)]);
      return shown.type === "show" && shown.session !== null ? [{ ...shown, session: { ...shown.session, hasEarlier: true } }] : [];
    },
  },
  "sidecar-failed": {
    messages: [show([asked, answer("a1", "Add up the pairs.", figures)]), { type: "sidecar", state: "failed", failure: crashed }],
  },
  "lined-up": {
    messages: [
      show([asked, streaming]),
      events("a1", [start, words("A duration such as `1h 30m` is a sequence of **number and unit** pairs.")]),
      {
        type: "queue",
        session: SESSION,
        prompts: [
          { id: "p1", text: "And how would I write the tests for it, with node:test and without a library?" },
          { id: "p2", text: "Weeks, too?" },
        ],
        paused: false,
      },
    ],
    draft: "And months",
  },
  "lined-up-paused": {
    messages: [
      show([asked, answer("a1", "A duration such as", { status: "cancelled", finishReason: null })]),
      { type: "queue", session: SESSION, prompts: [{ id: "p1", text: "Weeks, too?" }], paused: true },
    ],
  },
  "not-kept": {
    messages: [
      show([asked, answer("a1", "Add up the pairs.", figures)]),
      { type: "sidecar", state: "ready", notKept: "This Node.js has no SQLite." },
    ],
  },
  restarting: { messages: [show([asked, answer("a1", "Add up the pairs.", figures)]), { type: "sidecar", state: "restarting" }] },
  "not-sent": {
    messages: [
      show([asked, answer("a1", "Add up the pairs.", figures)]),
      { type: "not-sent", draft: "And the other way round?", failure: crashed },
    ],
  },
  "demo-chat": {
    messages: [
      show([question("q1", "Hello!"), answer("a1", "This is the **demo model**. It has no knowledge.", { model: demoModel.ref })], {
        model: demoModel,
      }),
    ],
  },
  breaking: { messages: [show([question("q1", "x".repeat(300)), answer("a1", BREAKING, figures)])], from: "top" },
  scripts: { messages: [show([question("q1", "مرحبا، كيف الحال؟"), answer("a1", SCRIPTS, figures)])], from: "top" },
  nested: { messages: [show([question("q1", "How do I deploy it?"), answer("a1", NESTED, figures)])], from: "top" },
  thousands: {
    messages: [
      show(
        Array.from({ length: 2_500 }, (_, index) => [
          question(`q${index}`, `Question ${index}: how do I parse a duration?`),
          answer(`a${index}`, LONG.slice(0, 200 + ((index * 137) % 1_500)), figures),
        ]).flat(),
      ),
    ],
    from: "middle",
  },
  "long-question": {
    messages: [
      show([
        question("q1", "Please look at this log:\n".concat("2026-11-22 12:00:00 INFO started\n".repeat(40))),
        answer("a1", "Nothing is wrong with it.", figures),
      ]),
    ],
  },
};
