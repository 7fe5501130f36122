// The mutants of the quirks, by the file that handles them.

import { mutantsOf, type Mutant } from "./mutant.ts";

export const QUIRK_MUTANTS: readonly Mutant[] = mutantsOf({
  "sidecar/http/http-client.ts": [
    ["quirk 1", "headersTimeout: 0,", ""],
    ["quirk 1", "bodyTimeout: 0,", ""],
  ],
  "sidecar/http/sse.ts": [
    ["quirk 3", "this.#text(this.#utf8.write(bytes));", 'this.#text(bytes.toString("utf8"));'],
    ["quirk 4", "let text = received;", 'let text = received.replaceAll(/[\\u2028\\u2029]/gu, "\\n");'],
    ["quirk 5", 'if (!text.startsWith("{") || this.#stray.startsWith("[")) {', 'if (this.#stray.startsWith("[")) {'],
    ["quirk 6", "return at < end && text.charCodeAt(at) === SPACE ? at + 1 : at;", "return at + 1;"],
    ["quirk 6", 'if (!text.startsWith("{") || this.#stray.startsWith("[")) {', 'if (text !== "") {'],
  ],
  "sidecar/http/ndjson.ts": [
    ["quirk 3", 'of this.#utf8.write(bytes).split("\\n")', 'of bytes.toString("utf8").split("\\n")'],
    ["quirk 4", 'this.#utf8.write(bytes).split("\\n")', "this.#utf8.write(bytes).split(/[\\n\\u2028\\u2029]/u)"],
    ["quirk 5", "const record = this.#text.trim();", "const record = this.#text;"],
  ],
  "sidecar/http/retry-after.ts": [
    ["quirk 13", "if (exact !== undefined) return exact;", ""],
    ["quirk 13", "/^\\w.*\\d:\\d\\d/u.test(text.trim()) ? Date.parse(text) : Number.NaN", "Date.parse(text)"],
    ["quirk 13", "if (!Number.isNaN(date)) return Math.max(0, date - sentMs(headers, nowMs));", ""],
    ["quirk 14", "(durationMs(text) ?? instantMs(text, sent))", "instantMs(text, sent)"],
    ["quirk 14", "if (wait !== undefined && wait > 0) waits.push(wait);", "if (wait !== undefined) waits.push(wait);"],
  ],
  "sidecar/providers/answer-stream.ts": [
    ["quirk 2", "if (this.#reader.finished) return null;", ""],
    ["quirk 9", 'return this.#reader.started ? "mid-stream" : "before-first-token";', 'return "mid-stream";'],
  ],
  "sidecar/providers/openai-chat/reader.ts": [
    ["quirk 7", "return this.#finish.stands || (this.#done && !this.#finish.isGivenUp);", "return true;"],
    ["quirk 8", 'if (isTold(chunk["error"]) || isRefusedInside(chunk)) return true;', 'if (isTold(chunk["error"])) return false;'],
    ["quirk 9", 'if (isTold(chunk["error"]) || isRefusedInside(chunk)) return true;', 'if (isTold(chunk["error"])) return false;'],
    ["quirk 18", "this.#usage = latestUsage(this.#usage, usage);", ""],
    ["quirk 19", 'this.#usage = latestUsage(this.#usage, readChatUsage(choice["usage"]));', ""],
    ["quirk 20", "this.#usage = latestUsage(this.#usage, usage);", "this.#usage = usage ?? null;"],
    ["quirk 23", "if (delta !== undefined) this.#readDelta(", "if (delta !== null) this.#readDelta("],
    ["quirk 24", 'if (reason !== undefined && reason !== "") this.#finish', "if (reason !== undefined) this.#finish"],
    [
      "quirk 27",
      'nonEmpty(delta["reasoning_content"]) ?? nonEmpty(delta["reasoning"]) ?? nonEmpty(delta["reasoning_text"]);',
      '[delta["reasoning_content"], delta["reasoning"], delta["reasoning_text"]].map(nonEmpty).join("");',
    ],
    ["quirk 28", "else this.#readParts(asItems(content), out);", ""],
  ],
  "sidecar/providers/openai-chat/finish-reason.ts": [["quirk 24", 'end: "stop",', ""]],
  "sidecar/providers/openai-chat/request.ts": [
    [
      "quirk 18",
      'if ("stream_options" in body && (names("stream_options") || mentionsField(message, "include_usage"))) return "stream_options";',
      "",
    ],
    [
      "quirk 33",
      'if (names("max_tokens") && mentionsField(message, "max_completion_tokens") && !isAboutValue(message)) return "max_completion_tokens";',
      "",
    ],
    ["quirk 33", "return learnField(payload, body, LEARNABLE) ?? learnSchema(", "return learnSchema("],
    ["quirk 37", 'response_format: { type: "json_schema", json_schema:', 'response_format: { type: "json_object", json_schema:'],
    ["quirk 41", "stream: true,", "stream: false,"],
  ],
  "sidecar/providers/provider-options.ts": [["quirk 41", '(options["stream"] ?? true) !== true', "options === undefined"]],
  "sidecar/providers/openai-chat/messages.ts": [
    ["quirk 31", "...(echoes ? { reasoning_content: reasoning } : {}),", ""],
    [
      "quirk 38",
      '[{ role: "system", content: textOf(turn.content, "\\n\\n") }]',
      '[{ role: "developer", content: textOf(turn.content, "\\n\\n") }]',
    ],
    ["quirk 40", "...(extra === undefined ? {} : { extra_content: extra }),", ""],
  ],
  "sidecar/providers/openai-chat/tool-calls.ts": [
    [
      "quirk 39",
      'this.#calls.findLast((call) => call.index === index && call.id === "")',
      "this.#calls.findLast((call) => call.index === index)",
    ],
    ["quirk 40", 'if (piece["extra_content"] !== undefined) call.extraContent = piece["extra_content"];', ""],
  ],
  "sidecar/providers/openai-responses/reader.ts": [
    ["quirk 7", "if (!this.#ended) return;", ""],
    ["quirk 26", 'case "response.incomplete":', ""],
    ["quirk 26", 'if (status === "failed") throw', "if (status === undefined) throw"],
    ["quirk 32", 'if (this.#keepsItems) this.#keep({ type: "function_call", id: item["id"], call_id: call.id }, told);', ""],
  ],
  "sidecar/providers/openai-responses/finish-reason.ts": [
    ["quirk 26", 'named === "completed" && ENDS.includes(told) ? told : named;', "named;"],
  ],
  "sidecar/providers/openai-responses/items.ts": [["quirk 32", 'while (items.at(-1)?.["type"] === "reasoning") items.pop();', ""]],
  "sidecar/providers/anthropic/reader.ts": [
    ["quirk 7", "return this.#stopped || this.#stopReason !== null;", "return true;"],
    [
      "quirk 10",
      'if (type === "error" || asObject(record["error"]) !== undefined || isUntypedErrorRecord(record, type))',
      "if (type === undefined)",
    ],
    ["quirk 21", "if (figure === null || (figure === 0 &&", "if (figure === undefined && (figure === 0 &&"],
    ["quirk 21", "{ ...this.#usage };", "{};"],
    [
      "quirk 21",
      'if (type === "error" || asObject(record["error"]) !== undefined || isUntypedErrorRecord(record, type))',
      'if (type !== "")',
    ],
    ["quirk 30", "signature: block.signature }", 'signature: block.signature.replaceAll("=", "") }'],
  ],
  "sidecar/providers/anthropic/messages.ts": [
    ["quirk 30", "return block === undefined ? [] : [block];", "return [];"],
    ["quirk 34", 'return part.text.trim() === "" ? [] : [', "return ["],
  ],
  "sidecar/providers/anthropic/request.ts": [["quirk 34", "if (thinks && temperature !== 1)", "if (temperature === undefined)"]],
  "sidecar/providers/ollama/reader.ts": [
    ["quirk 7", "return this.#done || this.#doneReason !== null;", "return true;"],
    [
      "quirk 11",
      'if (isTold(record["error"]) || (message === undefined && record["done"] === undefined && isErrorRecord(record)))',
      'if (record["error"] === 0)',
    ],
    ["quirk 25", "return this.#done || this.#doneReason !== null;", "return this.#done;"],
    ["quirk 35", 'out.push({ type: "warning", code: "prompt-truncated", message });', ""],
  ],
  "sidecar/providers/ollama/adapter.ts": [
    ["quirk 35", "...(contextTokens === undefined ? {} : { num_ctx: contextTokens }),", ""],
    ["quirk 36", 'if (status === 400 && "think" in body && /\\bthink(ing)?\\b/u.test(message)) return "think";', ""],
  ],
  "sidecar/providers/error-kinds.ts": [
    ["quirk 12", 'return byCode === "quota" ? "quota" : "rate-limit";', 'return "rate-limit";'],
    [
      "quirk 12",
      'return byCode === "quota" ? "quota" : "rate-limit";',
      'return byCode === "quota" || /quota|credit/iu.test(JSON.stringify(payload)) ? "quota" : "rate-limit";',
    ],
    ["quirk 16", 'if (saysContextOverflow(payload.message)) return "context-length";', ""],
    [
      "quirk 16",
      "if (status === 429) return",
      'if (saysContextOverflow(payload.message)) return "context-length";\n  if (status === 429) return',
    ],
  ],
  "sidecar/model-lists.ts": [["quirk 15", "&& !whileLoading)", ")"]],
  "sidecar/providers/provider-errors.ts": [
    ["quirk 13", "(shouldRetry(headers) ?? isRetryable(kind, status))", "isRetryable(kind, status)"],
    ["quirk 13", "retryable || status === 429 || status >= 500;", "retryable || status === 429;"],
    ["quirk 13", "retryable || status === 429 || status >= 500;", "status === 429 || status >= 500;"],
    [
      "quirk 13",
      "(waits ? retryAfterMs(headers, Date.now()) : undefined)",
      "(status === 429 ? retryAfterMs(headers, Date.now()) : undefined)",
    ],
    ["quirk 15", 'const code = loading ? "loading-model" : payload.code;', "const { code } = payload;"],
    ["quirk 22", '"x-generation-id", ', ""],
  ],
  "sidecar/providers/refused-answer.ts": [["quirk 17", 'if (error.kind === "content-filter") return blocked(error);', ""]],
  "sidecar/providers/registry.ts": [["quirk 42", "(quirk 42).\n    concurrency: 2,", "(quirk 42)."]],
  "sidecar/answers/retry.ts": [
    [
      "quirk 13",
      "Math.max(retryAfterMs ?? 0, most / 2 + (this.#random() * most) / 2);",
      "retryAfterMs ?? most / 2 + (this.#random() * most) / 2;",
    ],
  ],
  "sidecar/llm.ts": [
    [
      "quirk 10",
      "this.#numbering.beforeFirstToken ? retries.after(error, sent.policy, sent.isServerFault) : null",
      "retries.after(error, sent.policy)",
    ],
  ],
  "sidecar/http/http-exchange.ts": [["quirk 41", "else controller.abort(reason);", ""]],
  "sidecar/answers/numbering.ts": [["quirk 22", "inputTokens, outputTokens, estimated: true };", "inputTokens, outputTokens };"]],
  "sidecar/answers/thinking/channel-text.ts": [
    ["quirk 29", 'if (header === "unfinished" && !last) return { is: "undecided", at };', ""],
    ["quirk 29", "this.#held.length - unfinishedTail(this.#held, MARKS)", "this.#held.length"],
    ["quirk 29", "held.length - unfinishedTail(held, ENDS)", "held.length"],
    ["quirk 29", 'if (!last && mayBeQuoted(before, after)) return { is: "undecided", at };', ""],
    ["quirk 29", "if (this.#before !== null) this.#say(space, out, this.#before);", "if (this.#before !== null);"],
  ],
  "sidecar/answers/thinking/think-tags.ts": [["quirk 29", "if (marks.some((mark) => mark.startsWith(tail))) return length;", ""]],
  "sidecar/answers/thinking/unopened-close.ts": [
    ["quirk 29", 'if (code === "fence" || (isAlone ? INDENTED_CODE.test(line) : code === "span")) return "spoken-of";', ""],
    ["quirk 29", 'if (words === "" && following !== "call") return "spoken-of";', ""],
    ["quirk 29", 'if (newlines === 0 && isSpaced && isLower) return "spoken-of";', ""],
    ["quirk 29", 'if (goesOn || (!isEnded && isLower)) return "spoken-of";', ""],
  ],
  "sidecar/answers/thinking/think-memory.ts": [
    [
      "quirk 29",
      'else if (models.size < MAX_KEPT) models.set(key, "likely");',
      'else if (models.size < MAX_KEPT) models.set(key, "known");',
    ],
  ],
});
