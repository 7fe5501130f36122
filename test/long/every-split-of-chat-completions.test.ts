import { testEverySplit } from "./every-split.ts";

await testEverySplit(["openai-chat"]);
