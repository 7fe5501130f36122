// Apart from chat completions, so that two cores have something to do.

import { testEverySplit } from "./every-split.ts";

await testEverySplit(["openai-responses", "anthropic", "ollama"]);
