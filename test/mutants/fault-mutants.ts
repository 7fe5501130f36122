// The mutants of the faults, by the file that keeps them from happening.

import { mutantsOf, type Mutant } from "./mutant.ts";

/** Everything is handed to the reader when all of it has come. */
const WHOLE_BODY_AT_ONCE: Mutant = {
  row: "fault 6",
  edits: [
    {
      file: "sidecar/http/http-exchange.ts",
      from: "if (this.#unread.length > 0 || this.#ended) return true;",
      to: "if (this.#ended) return true;",
    },
    {
      file: "sidecar/http/http-exchange.ts",
      from: "if (this.#unreadBytes > UNREAD_BYTES) this.#holdBack(controller);\n    this.#wakeReader();",
      to: "",
    },
  ],
};

export const FAULT_MUTANTS: readonly Mutant[] = [
  WHOLE_BODY_AT_ONCE,
  ...mutantsOf({
    "sidecar/llm.ts": [
      ["fault 1", "this.#numbering.beforeFirstToken ? retries.after(error, sent.policy, sent.isServerFault) : null", "null"],
      ["fault 1", "if (shortfall !== undefined) sent.error = shortfall;", ""],
      ["fault 2", "if (responseSchema === undefined) return", "return"],
      ["fault 18", "if (fold.error !== undefined) throw new AnswerError(fold.error, result);", ""],
    ],
    "sidecar/answers/answer-reading.ts": [["fault 4", "this.#thinking?.read(batch) ?? batch", "batch"]],
    "sidecar/answers/numbering.ts": [["fault 12", 'return { status: "incomplete", error:', 'return { status: "complete", error:']],
    "sidecar/answers/fold.ts": [
      ["fault 29", 'this.#parts.push({ type: "tool-call", id: event.id, name: event.name, arguments: event.arguments });', ""],
      ["fault 29", 'this.#append("reasoning", event.text);', ""],
    ],
    "sidecar/sessions/session.ts": [
      ["fault 3", "{ ...parameters, ...options, ...(system", "{ ...parameters, ...(system"],
      [
        "fault 30",
        "const { parameters, systemPrompt } = parts.session;",
        "const { systemPrompt } = parts.session, parameters = undefined;",
      ],
    ],
    "sidecar/sessions/turn.ts": [
      [
        "fault 28",
        'return { id, message, status: "cancelled", finishReason: null };',
        'return { id, message: { role: "assistant", content: [] }, status: "cancelled", finishReason: null };',
      ],
    ],
    "sidecar/sessions/turn-queue.ts": [["fault 27", "await (signal === undefined ? before : orAborted(before, signal));", ""]],
    "sidecar/sessions/model-context.ts": [
      ["fault 25", "return summary === undefined ? context : [asSystem(summary), ...context];", "return context;"],
      [
        "fault 23",
        "if (message === undefined) continue;",
        "if (message === undefined || context.some((one) => JSON.stringify(one) === JSON.stringify(message))) continue;",
      ],
      ["fault 29", 'const content = status === undefined || status === "complete" ?', "const content = status === undefined ?"],
    ],
    "sidecar/providers/conversation.ts": [
      [
        "fault 23",
        "if (parts.length === 0) return;",
        "if (parts.length === 0 || turns.some((turn) => JSON.stringify(turn.content) === JSON.stringify(parts))) return;",
      ],
    ],
    "sidecar/providers/openai-chat/request.ts": [
      ["fault 3", "const reasoning = reasoningFields(request, target, warnings);", "const reasoning: JsonObject = {};"],
      ["fault 13", "...(chat.streamUsage === false ? {} : { include_usage: true }),", ""],
    ],
    "sidecar/providers/openai-chat/messages.ts": [["fault 5", 'if (part.type === "image") return [imagePart(part)];', ""]],
    "sidecar/providers/openai-chat/reader.ts": [
      ["fault 11", 'if (isTold(chunk["error"]) || isRefusedInside(chunk)) return true;', 'if (isTold(chunk["error"])) return false;'],
    ],
    "sidecar/providers/openai-chat/tool-calls.ts": [["fault 10", "isRepeated ? written : call.arguments + written;", "written;"]],
    "sidecar/providers/anthropic/reader.ts": [
      ["fault 9", 'asText(delta["text"]) ?? asText(delta["thinking"])', 'asText(delta["content"])'],
      [
        "fault 11",
        'if (type === "error" || asObject(record["error"]) !== undefined || isUntypedErrorRecord(record, type))',
        "if (type === undefined)",
      ],
    ],
    "sidecar/providers/ollama/reader.ts": [
      [
        "fault 11",
        'if (isTold(record["error"]) || (message === undefined && record["done"] === undefined && isErrorRecord(record)))',
        'if (record["error"] === 0)',
      ],
      ["fault 13", "this.#usage = readUsage(record) ?? this.#usage;", ""],
      ["fault 19", 'this.#push("reasoning-delta", message?.["thinking"] ?? record["thinking"], out);', ""],
      ["fault 19", 'asList(message?.["tool_calls"]) ?? []', "[]"],
      ["fault 19", 'if (reason !== undefined && reason !== "") this.#doneReason = reason;', ""],
    ],
    "sidecar/providers/ollama/adapter.ts": [["fault 19", "...(contextTokens === undefined ? {} : { num_ctx: contextTokens }),", ""]],
    "sidecar/providers/record-json.ts": [
      [
        "fault 14",
        'if (objects.includes(undefined)) throw event === "error" ? new StreamFailure(readErrorBody(data)) : new MalformedRecord(data);',
        "",
      ],
    ],
    "sidecar/providers/provider-options.ts": [
      ["fault 20", "return mergeObjects(body, { ...options, ...joinedLists(body, options) });", "return { ...body, extra_body: options };"],
    ],
    "sidecar/providers/base-url.ts": [["fault 21", 'return name === "OLLAMA_HOST" ? ollamaHostUrl(value) : value;', "return value;"]],
    "sidecar/providers/registry.ts": [
      ["fault 22", 'chat: { maxTokensField: "max_completion_tokens", noObfuscation: true,', "chat: { noObfuscation: true,"],
    ],
    "sidecar/providers/http-provider.ts": [
      [
        "fault 16",
        "const error = statusError(connection.target, head.status, head.headers, text);",
        'const error = statusError(connection.target, head.status, head.headers, "");',
      ],
    ],
    "sidecar/providers/answer-stream.ts": [["fault 17", 'this.#timer.enter("idle", this.#limits.idleMs);', ""]],
    "sidecar/http/http-exchange.ts": [["fault 17", "if (this.#unreadBytes > UNREAD_BYTES) this.#holdBack(controller);", ""]],
    "sidecar/http/http-client.ts": [["fault 8", "void before.agent.close()", "void before.agent.destroy()"]],
    "sidecar/http/sse.ts": [
      ["fault 14", "return at < end && text.charCodeAt(at) === SPACE ? at + 1 : at;", "return at + 1;"],
      ["fault 15", "let text = received;", 'let text = received.replaceAll(/[\\u2028\\u2029]/gu, "\\n");'],
    ],
    "sidecar/http/ndjson.ts": [
      ["fault 15", 'this.#utf8.write(bytes).split("\\n")', "this.#utf8.write(bytes).split(/[\\n\\u2028\\u2029]/u)"],
    ],
    "sidecar/sessions/compaction/summarize.ts": [
      ["fault 26", "llm.streamBatches(words, { ...parameters, signal })", "llm.streamBatches(words, parameters)"],
    ],
    "sidecar/engine.ts": [
      [
        "fault 7",
        "this.#models = new ModelCatalogue(this.#endpoints, undefined, this.#prices);",
        "this.#models = new ModelCatalogue(this.#endpoints, undefined, this.#prices); void this.#models.listModels({}, new AbortController().signal);",
      ],
    ],
    "sidecar/model-lists.ts": [
      ["fault 24", "return !how.named && this.#isNobodyThere(id, error) ?", "return !how.named ?"],
      ["fault 24", "cached !== undefined && !how.refresh &&", "cached !== undefined &&"],
    ],
    "sidecar/library.ts": [["fault 31", 'export { gather } from "./gather.ts";', ""]],
    "sidecar/gather.ts": [["fault 31", "this.#running - this.#inLines < this.#concurrency && (", "this.#running < 1 && ("]],
  }),
];
