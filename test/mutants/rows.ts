// What goes wrong on the wire of real providers (quirks) and in the asynchronous half of libraries like this one (faults), by
// number. Each row is held by tests whose titles begin with its name (`quirk 7: …`), and by mutants that switch the handling off
// (`mutants.ts`); where a row has neither, it says why. `test/tooling/conformance.test.ts` holds the three together.

export type RowName = `quirk ${number}` | `fault ${number}`;

export interface Row {
  readonly name: RowName;
  /** What happens if nobody takes care. */
  readonly trouble: string;
  /** Why it cannot happen here, and so no test can fail. Only where there is neither test nor mutant. */
  readonly notApplicable?: string;
}

type Entry = readonly [number: number, trouble: string, notApplicable?: string];

function rows(kind: "quirk" | "fault", entries: readonly Entry[]): readonly Row[] {
  return entries.map(([number, trouble, notApplicable]) => ({
    name: `${kind} ${number}`,
    trouble,
    ...(notApplicable === undefined ? {} : { notApplicable }),
  }));
}

export const QUIRKS = rows("quirk", [
  [1, "The HTTP library's own limits of 300 s cut off slow models, and are too coarse for short ones"],
  [2, "A connection that breaks after the terminal marker makes a whole answer look failed"],
  [3, "A character cut between two reads becomes a replacement character"],
  [4, "Line separators inside JSON (U+2028, U+2029) are taken for the end of a record"],
  [5, "Comments that keep a stream alive, and blank lines before a body, are taken for data"],
  [6, "Fields without a space after the colon, or with the JSON on the next line, are dropped"],
  [7, "A stream that ends without its terminal marker looks complete"],
  [8, "OpenRouter's error inside a chunk under status 200 is passed over"],
  [9, "A gateway's error as the first event under status 200 is passed over"],
  [10, "Anthropic's error event in the middle of a stream is passed over, or asked again after text had come"],
  [11, "Ollama's error line under status 200 is passed over"],
  [12, "A quota that is used up is asked again, or a passing one is not"],
  [13, "What a server says about when to ask again is misread"],
  [14, "Rate limits tell their reset as durations, dates or nonsense"],
  [15, "llama-server that still loads its model counts as failed"],
  [16, "A prompt over the context window has fifteen wordings, and a rate limit is mistaken for one"],
  [17, "A prompt that Azure's filter stops counts as a wrong request"],
  [18, "The usage chunk has no choices, and some servers refuse to be asked for it"],
  [19, "Moonshot puts usage into the choice"],
  [20, "Cumulative usage is added up, or wiped by null"],
  [21, "Anthropic's later usage wipes the input, pings and unknown events are errors"],
  [22, "After a cancellation there is no usage at all"],
  [23, "Azure's chunks without choices, delta or both throw"],
  [24, "Finish reasons that nobody listed throw or end the answer early"],
  [25, "Ollama ends with a reason and never says that it is done"],
  [26, "The Responses API ends with incomplete, failed, or without a word"],
  [27, "Reasoning comes under three names, at times under two at once"],
  [28, "Magistral's content is a list of parts"],
  [29, "Reasoning comes as text between tags that are cut anywhere"],
  [30, "Signatures of reasoning come back changed and are refused"],
  [31, "DeepSeek refuses tool calls without the reasoning that led to them"],
  [32, "Reasoning and function calls of the Responses API do not pair"],
  [33, "A model refuses a parameter under its usual name"],
  [34, "Claude refuses temperature beside top_p or thinking, and empty text"],
  [35, "Ollama cuts prompts to a context size that nobody asked for"],
  [36, "Ollama refuses to let a model think that cannot"],
  [37, "LM Studio refuses json_object"],
  [38, "Most servers refuse the developer role"],
  [39, "Ollama gives every tool call the index 0"],
  [40, "Gemini gives tool calls no index, and wants their thought signature back"],
  [41, "A cancelled request goes on at the server"],
  [42, "Ollama queues 512 requests in silence"],
]);

export const FAULTS = rows("fault", [
  [1, "Streams, sessions or fan-out go past retries, limits and events"],
  [2, "A schema gives different results by different ways of asking"],
  [3, "The wish to reason is dropped by one way of asking"],
  [4, "Reasoning tags leak into the text of one way of asking"],
  [5, "Images are dropped by one way of asking"],
  [6, "A stream blocks the event loop between its chunks"],
  [7, "Making a client calls the network"],
  [8, "Closing or changing one client breaks what runs in another"],
  [9, "Anthropic's stream yields nothing but empty chunks"],
  [10, "Arguments of streamed tool calls are lost, or the text comes twice"],
  [11, "An error in mid-stream is passed over"],
  [12, "A cut stream cannot be told from a whole one"],
  [13, "Streams carry no usage"],
  [14, "Records without a space are dropped, and malformed ones skipped in silence"],
  [15, "A line separator inside JSON loses the chunk"],
  [16, "The body of an error is not read when streaming"],
  [17, "There is no cancellation, no time limit between tokens, no back-pressure"],
  [18, "A failure becomes the text of an answer, and is saved as one"],
  [19, "Ollama's tool calls, thinking and reason of the end are dropped"],
  [20, "A provider's own fields are wrapped in a key that no server knows"],
  [21, "OLLAMA_HOST without a scheme is an error"],
  [22, "Newer models that reason are asked by the old parameter names"],
  [23, "A question that repeats an earlier one is not sent"],
  [24, "A server that is down counts as healthy"],
  [25, "The summary of a compacted conversation never reaches the model"],
  [26, "Compaction blocks the caller and prints"],
  [27, "Two turns of one session interleave"],
  [28, "A failed turn loses its question, and a stream left early its text"],
  [29, "Tool calls and reasoning are not kept in the history"],
  [30, "Saving loses parameters, ids and times"],
  [31, "The fan-out runs one after the other, and what the papers promise is absent"],
]);

export const ROWS: readonly Row[] = [...QUIRKS, ...FAULTS];
