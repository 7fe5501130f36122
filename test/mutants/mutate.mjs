// Loaded before everything else (`node --import`): hands out the sources of one mutant in the place of the files on the disk.
// `PARLEY_MUTANT` is a JSON list of `{ url, from, to }`.

import { registerHooks } from "node:module";

const edits = JSON.parse(process.env.PARLEY_MUTANT ?? "[]");

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const own = edits.filter((edit) => edit.url === url);
    if (own.length === 0 || loaded.source === null || loaded.source === undefined) return loaded;
    let source = typeof loaded.source === "string" ? loaded.source : Buffer.from(loaded.source).toString("utf8");
    for (const { from, to } of own) {
      if (!source.includes(from)) throw new Error(`The mutant's text is not in ${url}: ${from}`);
      source = source.replace(from, () => to);
    }
    return { ...loaded, source };
  },
});
