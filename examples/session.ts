// A session, which keeps its history.

import { createLlm, Session } from "parley";

const llm = createLlm("openai", { model: "gpt-5-mini" });
const session = new Session(llm, { systemPrompt: "You are a helpful assistant." });
await session.generate("My name is Alice.");
const r2 = await session.generate("What is my name?"); // answers Alice
console.log(r2.content);
