/**
 * What the built-in commands ask, in the words that the model reads and the conversation shows. They are not translated: a
 * model answers in the language it is asked in, and people who want another one have *Ask About Selection…*.
 */
export const builtInPrompts = {
  explainSelection:
    "Explain this code: what it does, how it does it, and anything in it that is surprising or easy to get wrong. Be brief where it is simple.",
  summarizeFile:
    "Summarize this file in a few sentences: what it is for, what it contains, and what someone who works with it must know. Answer in Markdown without a heading.",
} as const;
