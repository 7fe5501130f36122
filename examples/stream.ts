// A stream.

import { createLlm } from "parley";

const llm = createLlm("anthropic", { model: "claude-haiku-4-5" });
for await (const chunk of llm.stream("Write a haiku about coding.")) process.stdout.write(chunk.content);
