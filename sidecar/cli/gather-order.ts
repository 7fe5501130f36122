// In which order the answers of `parley gather` begin, where each of several models answers for each file.

/**
 * Places in the list of all files' answers, file by file and in it model by model. `servers`, one for each model: the server that has
 * to load the model, or undefined for one that holds all of its own. What one server has to load comes model by model, since
 * each turn from one to the other can be a load of many seconds; what is asked elsewhere goes on beside it.
 */
export function beginOrder(files: number, servers: readonly (string | undefined)[]): readonly number[] {
  const loaders = Map.groupBy(servers.keys(), (model) => servers[model] ?? model);
  const lines = [...loaders.values()].map((models) =>
    models.flatMap((model) => Array.from({ length: files }, (_, file) => file * servers.length + model)),
  );
  const longest = Math.max(0, ...lines.map(({ length }) => length));
  return Array.from({ length: longest }, (_, step) => lines.flatMap((line) => line[step] ?? [])).flat();
}
