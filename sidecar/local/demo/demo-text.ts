// What the demo model says by itself. Written for people who just installed Parley and have no model yet.

/** Said before the question is repeated. */
export const INTRODUCTION = `**This is Parley's built-in demo.** It has no knowledge and cannot answer questions; it only shows that everything works, by repeating what you asked.

For real answers choose another model:

- a server on this machine, such as Ollama, LM Studio or llama-server, is found by itself
- OpenAI, Anthropic and others are there after the command *Parley: Set API Key…*
- a GGUF file works by its path: add it to the setting \`parley.localModels\`

Your question was:

`;

/** The answer to the command \`^%\`: Markdown with a code block and letters outside ASCII. */
export const SCRIPT =
  "Here is a function:\n\n```ts\nexport const add = (a: number, b: number) => a + b;\n```\n\nIt returns the **sum** — déjà vu ✓.";

/** Said in a circle after the command \`^#\`. */
export const CIRCLE = "abcdefghijklmnopqrstuvwxyz0123456789 \n";
