// How each wire writes the fake provider's steps. Written from the providers' documentation, not with the product's code.

import type { FinishReason, JsonObject, JsonValue } from "../../sidecar/types.ts";
import type { FakeUsage, FakeWire } from "./fake-provider-script.ts";

export interface WireWriter {
  readonly contentType: string;
  /** Before the first delta. */
  open(): string;
  text(text: string): string;
  reasoning(text: string): string;
  toolCall(call: { readonly id: string; readonly name: string; readonly arguments: string }): string;
  /** Kept until the wire's own place for it. */
  usage(usage: FakeUsage): string;
  finish(reason: FinishReason): string;
  streamError(error: { readonly message: string; readonly code: string }): string;
}

export function createWireWriter(wire: FakeWire, request: JsonObject | null): WireWriter {
  const model = typeof request?.["model"] === "string" ? request["model"] : "fake-model";
  if (wire === "openai-chat") return openaiChatWriter(model, request?.["stream_options"]);
  if (wire === "openai-responses") return responsesWriter(model);
  return wire === "anthropic" ? anthropicWriter(model) : ollamaWriter(model);
}

const json = (value: JsonValue): string => JSON.stringify(value);
const data = (value: JsonValue): string => `data: ${json(value)}\n\n`;
const named = (event: string, value: JsonObject): string => `event: ${event}\ndata: ${json({ type: event, ...value })}\n\n`;

function openaiChatWriter(model: string, streamOptions: JsonValue | undefined): WireWriter {
  const head = { id: "chatcmpl-fake", object: "chat.completion.chunk", created: 1_760_000_000, model };
  const chunk = (delta: JsonObject, finish: string | null = null): string =>
    data({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] });
  const wantsUsage = typeof streamOptions === "object" && streamOptions !== null && "include_usage" in streamOptions;
  const reasons: Record<FinishReason, string> = {
    stop: "stop",
    length: "length",
    "tool-calls": "tool_calls",
    "content-filter": "content_filter",
    error: "error",
    other: "other",
  };
  let usage: FakeUsage | null = null;
  let calls = 0;
  return {
    contentType: "text/event-stream",
    open: () => chunk({ role: "assistant", content: "" }),
    text: (text) => chunk({ content: text }),
    reasoning: (text) => chunk({ reasoning_content: text }),
    toolCall: ({ id, name, arguments: text }) => {
      const index = calls++;
      const middle = text.length >> 1;
      const first = { index, id, type: "function", function: { name, arguments: text.slice(0, middle) } };
      return chunk({ tool_calls: [first] }) + chunk({ tool_calls: [{ index, function: { arguments: text.slice(middle) } }] });
    },
    usage: (given) => {
      usage = given;
      return "";
    },
    finish: (reason) => {
      const last = wantsUsage && usage !== null ? data({ ...head, choices: [], usage: openaiUsage(usage) }) : "";
      return `${chunk({}, reasons[reason])}${last}data: [DONE]\n\n`;
    },
    streamError: ({ message, code }) => data({ error: { message, type: code, code } }),
  };
}

function openaiUsage(usage: FakeUsage): JsonObject {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens ?? 0, ...cacheWrites(usage) },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    ...(usage.cost === undefined ? {} : { cost: usage.cost, is_byok: false }),
  };
}

function cacheWrites({ cacheWriteTokens }: FakeUsage): JsonObject {
  return cacheWriteTokens === undefined ? {} : { cache_write_tokens: cacheWriteTokens };
}

function responsesWriter(model: string): WireWriter {
  let sequence = 0;
  let output = 0;
  let usage: FakeUsage | null = null;
  let open: "message" | "reasoning" | null = null;
  const items: JsonObject[] = [];
  const response = (status: string, more: JsonObject = {}): JsonObject => ({
    response: { id: "resp_fake", object: "response", model, status, output: items, ...more },
  });
  const event = (type: string, value: JsonObject): string => named(type, { sequence_number: sequence++, ...value });
  const add = (kind: "message" | "reasoning"): string => {
    if (open === kind) return "";
    open = kind;
    return event("response.output_item.added", { output_index: output++, item: { id: `${kind}_${output}`, type: kind } });
  };
  return {
    contentType: "text/event-stream",
    open: () => event("response.created", response("in_progress")),
    text: (text) => add("message") + event("response.output_text.delta", { output_index: output - 1, content_index: 0, delta: text }),
    reasoning: (text) =>
      add("reasoning") + event("response.reasoning_summary_text.delta", { output_index: output - 1, summary_index: 0, delta: text }),
    toolCall: (call) => {
      open = null;
      const index = output++;
      const item = { id: `fc_${index}`, type: "function_call", call_id: call.id, name: call.name, arguments: call.arguments };
      items.push(item);
      return (
        event("response.output_item.added", { output_index: index, item: { ...item, arguments: "" } }) +
        event("response.function_call_arguments.delta", { output_index: index, item_id: item.id, delta: call.arguments }) +
        event("response.function_call_arguments.done", { output_index: index, item_id: item.id, arguments: call.arguments }) +
        event("response.output_item.done", { output_index: index, item })
      );
    },
    usage: (given) => {
      usage = given;
      return "";
    },
    finish: (reason) => {
      const counted = usage === null ? {} : { usage: responsesUsage(usage) };
      if (reason === "stop" || reason === "tool-calls") return event("response.completed", response("completed", counted));
      const why = reason === "length" ? "max_output_tokens" : reason === "content-filter" ? "content_filter" : reason;
      return event("response.incomplete", response("incomplete", { ...counted, incomplete_details: { reason: why } }));
    },
    streamError: ({ message, code }) => event("response.failed", response("failed", { error: { code, message } })),
  };
}

function responsesUsage(usage: FakeUsage): JsonObject {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens ?? 0, ...cacheWrites(usage) },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}

function anthropicWriter(model: string): WireWriter {
  let block = -1;
  let open: "text" | "thinking" | null = null;
  let usage: FakeUsage | null = null;
  const close = (): string => {
    if (open === null) return "";
    const signature =
      open === "thinking"
        ? named("content_block_delta", { index: block, delta: { type: "signature_delta", signature: `signature-${block}` } })
        : "";
    open = null;
    return signature + named("content_block_stop", { index: block });
  };
  const add = (kind: "text" | "thinking"): string => {
    if (open === kind) return "";
    const before = close();
    open = kind;
    block += 1;
    return before + named("content_block_start", { index: block, content_block: { type: kind, [kind]: "" } });
  };
  const reasons: Record<FinishReason, string> = {
    stop: "end_turn",
    length: "max_tokens",
    "tool-calls": "tool_use",
    "content-filter": "refusal",
    error: "error",
    other: "other",
  };
  return {
    contentType: "text/event-stream",
    open: () =>
      named("message_start", {
        message: {
          id: "msg_fake",
          type: "message",
          role: "assistant",
          model,
          content: [],
          stop_reason: null,
          usage: { input_tokens: 0, output_tokens: 1 },
        },
      }) + named("ping", {}),
    text: (text) => add("text") + named("content_block_delta", { index: block, delta: { type: "text_delta", text } }),
    reasoning: (text) =>
      add("thinking") + named("content_block_delta", { index: block, delta: { type: "thinking_delta", thinking: text } }),
    toolCall: (call) => {
      const before = close();
      block += 1;
      return (
        before +
        named("content_block_start", { index: block, content_block: { type: "tool_use", id: call.id, name: call.name, input: {} } }) +
        named("content_block_delta", { index: block, delta: { type: "input_json_delta", partial_json: call.arguments } }) +
        named("content_block_stop", { index: block })
      );
    },
    usage: (given) => {
      usage = given;
      return "";
    },
    finish: (reason) =>
      close() +
      named("message_delta", {
        delta: { stop_reason: reasons[reason], stop_sequence: null },
        usage: {
          input_tokens: (usage?.inputTokens ?? 0) - (usage?.cachedTokens ?? 0) - (usage?.cacheWriteTokens ?? 0),
          cache_read_input_tokens: usage?.cachedTokens ?? 0,
          cache_creation_input_tokens: usage?.cacheWriteTokens ?? 0,
          output_tokens: usage?.outputTokens ?? 0,
        },
      }) +
      named("message_stop", {}),
    streamError: ({ message, code }) => named("error", { error: { type: code, message } }),
  };
}

function ollamaWriter(model: string): WireWriter {
  let usage: FakeUsage | null = null;
  const record = (message: JsonObject, more: JsonObject = { done: false }): string =>
    `${json({ model, created_at: "2026-01-01T00:00:00Z", message: { role: "assistant", content: "", ...message }, ...more })}\n`;
  const reasons: Record<FinishReason, string> = {
    stop: "stop",
    length: "length",
    "tool-calls": "stop",
    "content-filter": "stop",
    error: "error",
    other: "other",
  };
  return {
    contentType: "application/x-ndjson",
    open: () => "",
    text: (text) => record({ content: text }),
    reasoning: (text) => record({ thinking: text }),
    toolCall: (call) => record({ tool_calls: [{ id: call.id, function: { name: call.name, arguments: JSON.parse(call.arguments) } }] }),
    usage: (given) => {
      usage = given;
      return "";
    },
    finish: (reason) =>
      record(
        {},
        {
          done: true,
          done_reason: reasons[reason],
          ...(usage === null ? {} : { prompt_eval_count: usage.inputTokens, eval_count: usage.outputTokens }),
        },
      ),
    streamError: ({ message }) => `${json({ error: message })}\n`,
  };
}
