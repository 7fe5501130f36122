// `parley models`: what can be used now.

import { parseCommand, single, UsageError } from "./usage.ts";
import { modelsCommand } from "./commands.ts";
import { checkedProvider, explain, type ExitStatus, type Program } from "./program.ts";

export async function models(program: Program, args: readonly string[]): Promise<ExitStatus> {
  const parsed = parseCommand(modelsCommand, args);
  const { engine, terminal } = program;
  const [operand] = parsed.operands;
  if (operand !== undefined) throw new UsageError(`"parley models" takes no "${operand}"; --provider names a provider.`);
  const named = single(parsed, "provider");
  const baseUrl = single(parsed, "base-url");
  const provider = named === undefined && baseUrl === undefined ? undefined : checkedProvider(engine, named, baseUrl);
  const params = { ...(provider === undefined ? {} : { provider }), ...(baseUrl === undefined ? {} : { baseUrl }) };
  const { models, failures } = await engine.listModels(params, terminal.signal);
  for (const model of models) {
    if (parsed.flags.has("json")) await terminal.writeJson(model);
    else await terminal.write(`${model.ref}${model.demo === true ? "  (a demo without knowledge)" : ""}\n`);
  }
  for (const { provider, error } of failures) explain(program, error, { about: provider, baseUrl });
  if (models.length === 0 && failures.length === 0)
    terminal.note("there is no model: no server runs here, and no key is in the environment.");
  return failures.length === 0 ? 0 : 1;
}
