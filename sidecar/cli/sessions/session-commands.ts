// `parley sessions …` as data: names, options, help.

import type { CommandRow, OptionRow } from "../usage.ts";

export const storeOption: OptionRow = {
  name: "store",
  value: "DIR",
  help: "the folder of the conversations; default PARLEY_STORE, else the user's data folder",
};
const json: OptionRow = { name: "json", help: "print JSON, one object a line" };

const shortId = "ID may be the beginning of an id, as long as only one conversation has it.";

export const listCommand: CommandRow = {
  name: "sessions list",
  operands: "",
  summary: "List the conversations, the last changed first.",
  details: ["The folders in which editors keep theirs are named on the error output; --store takes one."],
  options: [storeOption, { name: "limit", value: "N", help: "so many at most; default 100" }, json],
  examples: ["parley sessions list", 'parley sessions list --store "$HOME/.config/Code/User/globalStorage/parley.parley"'],
};

export const showCommand: CommandRow = {
  name: "sessions show",
  operands: "ID",
  summary: "Print a conversation: the branch that was shown last.",
  details: [shortId, "With --json each message is one line, with all that is kept of it."],
  options: [storeOption, json],
  examples: ["parley sessions show 3f2a"],
};

export const searchCommand: CommandRow = {
  name: "sessions search",
  operands: "WORD…",
  summary: "Search the titles and all messages of all conversations.",
  details: [
    "All words must be found; the last one may be the beginning of a word. Words in quotation marks must follow each other.",
    "With --json each conversation is one line, with what was found in it.",
  ],
  options: [storeOption, { name: "limit", value: "N", help: "so many conversations at most; default 20" }, json],
  examples: ["parley sessions search retry limit", "parley sessions search '\"connection refused\"'"],
};

export const exportCommand: CommandRow = {
  name: "sessions export",
  operands: "ID",
  summary: "Write a conversation to the output or a file, all branches of it.",
  details: [
    shortId,
    "Markdown can be read, compared and imported again; JSON is in AbstractCore's form session-archive/v1. Neither loses anything.",
  ],
  options: [
    storeOption,
    { name: "output", value: "FILE", help: "write to this file, which is replaced; .json makes it JSON" },
    { name: "format", value: "markdown|json", help: "the form; default Markdown, or as the file's name says" },
  ],
  examples: ["parley sessions export 3f2a > talk.md", "parley sessions export 3f2a --output talk.json"],
};

export const importCommand: CommandRow = {
  name: "sessions import",
  operands: "FILE… | -",
  summary: "Take exported conversations in, each as a new one.",
  details: [
    'Markdown and JSON as Parley exports them, and JSON of AbstractCore. "-" reads one from the input.',
    "Prints the id of each new conversation; --json prints all that is known of it.",
  ],
  options: [storeOption, json],
  examples: ["parley sessions import talk.md"],
};

export const deleteCommand: CommandRow = {
  name: "sessions delete",
  operands: "ID…",
  summary: "Delete conversations for good.",
  details: [shortId, "Asks first on a terminal; elsewhere it wants --yes."],
  options: [storeOption, { name: "yes", help: "do not ask" }],
  examples: ["parley sessions delete --yes 3f2a"],
};

export const sessionsCommand: CommandRow = {
  name: "sessions",
  operands: "COMMAND …",
  summary: "Conversations that are kept: list, show, search, export, import, delete.",
  details: [
    ...[listCommand, showCommand, searchCommand, exportCommand, importCommand, deleteCommand].map(
      ({ name, operands, summary }) => `  ${`${name.slice("sessions ".length)} ${operands}`.padEnd(18)}${summary}`,
    ),
    "",
    '"parley sessions COMMAND --help" says more. "parley ask --session" asks in a conversation.',
  ],
  options: [],
  examples: ["parley sessions list"],
};

export const sessionCommands: readonly CommandRow[] = [
  sessionsCommand,
  listCommand,
  showCommand,
  searchCommand,
  exportCommand,
  importCommand,
  deleteCommand,
];
