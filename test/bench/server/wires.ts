// What the server of the benchmark sends, rendered once: on each wire an opening, pieces of text, a closing. The records are as
// long as those of the providers themselves, and every client of a wire reads the same bytes.

export type Wire = "openai-chat" | "openai-chat-counted" | "anthropic" | "ollama";

/** Frames of HTTP's chunked coding, one for each record, as servers send them that flush after each token. */
export interface RenderedWire {
  /** What is to follow the address of the server to be a client's base URL. */
  readonly folder: string;
  /** What the path of a request ends with. */
  readonly path: string;
  /** Status line and headers. */
  readonly head: Buffer;
  readonly opening: Buffer;
  /** One for each word; sent in turn. */
  readonly pieces: readonly Buffer[];
  /** `BLOCK_PIECES` pieces in one buffer. */
  readonly block: Buffer;
  /** The provider's word that the text is whole, then its last records and the end of the body. */
  readonly closing: readonly [Buffer, Buffer];
}

export const BLOCK_PIECES = 64;

/** As JSON writes them; one holds an escape, as an answer of many lines does. */
const WORDS = [" the", " quick", " brown", " fox", " jumps", " over", ".\\n", " lazy"];
/** Characters of all words when they are read: the escape is one. */
export const WORD_LENGTHS: readonly number[] = WORDS.map((word) => word.replace("\\n", "\n").length);

function frame(body: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`);
}

const END_OF_BODY = Buffer.from("0\r\n\r\n");

interface WireText {
  readonly folder?: string;
  readonly path: string;
  readonly contentType: string;
  readonly opening: string;
  readonly piece: (word: string, at: number) => string;
  readonly closing: readonly [string, string];
}

function render({ folder = "", path, contentType, opening, piece, closing }: WireText): RenderedWire {
  const pieces = WORDS.map((word, at) => frame(piece(word, at)));
  const block = Array.from({ length: BLOCK_PIECES / pieces.length }, () => pieces).flat();
  return {
    folder,
    path: `${folder}${path}`,
    head: Buffer.from(
      `HTTP/1.1 200 OK\r\ncontent-type: ${contentType}\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n`,
    ),
    opening: frame(opening),
    pieces,
    block: Buffer.concat(block),
    closing: [frame(closing[0]), Buffer.concat([frame(closing[1]), END_OF_BODY])],
  };
}

const chat = (delta: string, finish = "null", usage = ""): string =>
  `data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,"model":"gpt-4.1-mini","system_fingerprint":"fp_1a2b3c","choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}]${usage}}\n\n`;
const chatUsage =
  'data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,"model":"gpt-4.1-mini","system_fingerprint":"fp_1a2b3c","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":200,"total_tokens":209}}\n\n';
const message = (type: string, fields: string): string => `event: ${type}\ndata: {"type":"${type}",${fields}}\n\n`;
const line = (content: string): string =>
  `{"model":"llama3.2","created_at":"2025-03-10T01:25:52.123456789Z","message":{"role":"assistant","content":"${content}"},"done":false}\n`;

export const WIRES: Readonly<Record<Wire, RenderedWire>> = {
  "openai-chat": render({
    path: "/chat/completions",
    contentType: "text/event-stream",
    opening: chat('{"role":"assistant","content":"","refusal":null}'),
    piece: (word) => chat(`{"content":"${word}"}`),
    closing: [chat("{}", '"stop"'), `${chatUsage}data: [DONE]\n\n`],
  }),
  // As servers send them that count as they go (vLLM, xAI): no two chunks are the same around their text.
  "openai-chat-counted": render({
    folder: "/counted",
    path: "/chat/completions",
    contentType: "text/event-stream",
    opening: chat('{"role":"assistant","content":"","refusal":null}'),
    piece: (word, at) =>
      chat(`{"content":"${word}"}`, "null", `,"usage":{"prompt_tokens":9,"completion_tokens":${at + 1},"total_tokens":${at + 10}}`),
    closing: [chat("{}", '"stop"'), `${chatUsage}data: [DONE]\n\n`],
  }),
  anthropic: render({
    path: "/v1/messages",
    contentType: "text/event-stream; charset=utf-8",
    opening:
      message(
        "message_start",
        '"message":{"id":"msg_01JZ8d4zWJMsBWr3rUP6yqJp","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}',
      ) + message("content_block_start", '"index":0,"content_block":{"type":"text","text":""}'),
    piece: (word) => message("content_block_delta", `"index":0,"delta":{"type":"text_delta","text":"${word}"}`),
    closing: [
      message("content_block_stop", '"index":0') +
        message("message_delta", '"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":200}'),
      'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    ],
  }),
  ollama: render({
    path: "/api/chat",
    contentType: "application/x-ndjson",
    opening: line(""),
    piece: line,
    closing: [
      line(""),
      '{"model":"llama3.2","created_at":"2025-03-10T01:25:56.123456789Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":4113249500,"load_duration":9250000,"prompt_eval_count":9,"prompt_eval_duration":43000000,"eval_count":200,"eval_duration":4060000000}\n',
    ],
  }),
};

/** Characters of the text of a stream of so many pieces. */
export function textLength(pieces: number): number {
  const whole = WORD_LENGTHS.reduce((sum, length) => sum + length, 0);
  const rest = WORD_LENGTHS.slice(0, pieces % WORD_LENGTHS.length).reduce((sum, length) => sum + length, 0);
  return Math.floor(pieces / WORD_LENGTHS.length) * whole + rest;
}
