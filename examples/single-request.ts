// A single request.

import { createLlm } from "parley";

const llm = createLlm("openai", { model: "gpt-5-mini" });
const response = await llm.generate("Explain Python in one paragraph.");
console.log(response.content);
