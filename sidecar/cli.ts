// The door for terminals: `parley ask | gather | models | sessions | serve`. The process ends by itself when the last thing is given back.

import { runParley } from "./cli/run.ts";
import { Terminal } from "./cli/terminal.ts";

process.exitCode = await runParley(process.argv.slice(2), new Terminal(process));
