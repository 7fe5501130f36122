// A server for measurements, in a process of its own: sends pre-rendered chunks of a chat completion. A path
// that begins with `/N/M/` asks for N of them, as fast as they are taken or one each M ms. Prints its port; ends with its stdin.

import { createServer } from "node:http";

const chunk = (text: string): Buffer =>
  Buffer.from(
    `data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,"model":"gpt-4.1-mini","system_fingerprint":"fp_1a2b3c","choices":[{"index":0,"delta":{"content":"${text}"},"logprobs":null,"finish_reason":null}]}\n\n`,
  );
const words = [" the", " quick", " brown", " fox", " jumps", " over", ".\\n", " lazy"];
const one = chunk(" token");
const block = Buffer.concat(Array.from({ length: 64 }, (_, index) => chunk(words[index % words.length] ?? "")));
const tail = Buffer.from(
  'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: {"id":"c","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":200,"total_tokens":209}}\n\ndata: [DONE]\n\n',
);

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume();
  const [, chunks = 0, everyMs = 0] = (request.url ?? "/").split("/").map(Number);
  response.writeHead(200, { "content-type": "text/event-stream" });
  let sent = 0;
  const flood = (): void => {
    for (; sent < chunks; sent += 64) {
      if (response.write(block)) continue;
      sent += 64;
      response.once("drain", flood);
      return;
    }
    response.end(tail);
  };
  if (everyMs === 0) {
    flood();
    return;
  }
  const timer = setInterval(() => {
    sent += 1;
    if (sent <= chunks) response.write(one);
    else response.end(tail);
  }, everyMs);
  response.once("close", () => clearInterval(timer));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" && address !== null ? address.port : 0);
});
process.stdin.once("end", () => process.exit(0)).resume();
