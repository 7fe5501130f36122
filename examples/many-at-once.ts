// Many requests at once, over one provider or several.

import { createLlm, gather } from "parley";

const llm = createLlm("ollama", { model: "qwen3:4b-instruct" });
const results = await gather([
  () => llm.generate("Summarize Python in 1 sentence."),
  () => llm.generate("Summarize JavaScript in 1 sentence."),
  () => llm.generate("Summarize Rust in 1 sentence."),
]);
for (const r of results) console.log("-", r.content.trim());
