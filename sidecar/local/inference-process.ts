// The inference process: forked by the sidecar, speaks `inference-messages.ts` over IPC, and is the only place where
// node-llama-cpp and its native code are loaded. It ends when its channel does: it never outlives the sidecar.

import { AnswerTask } from "./inference/answer-task.ts";
import { asLocalError } from "./inference/local-failure.ts";
import { ModelShelf } from "./inference/model-shelf.ts";
import type { FromInference, InferenceRequest, ToInference } from "./inference-messages.ts";

const models = new ModelShelf((loaded) => send({ type: "in-memory", models: loaded }));
const running = new Map<number, AbortController>();

// It has nothing to save. An exit would first wait for the step that llama.cpp is computing: with a large model, for seconds.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
process.on("message", (message: ToInference) => {
  if (message.type === "cancel") running.get(message.id)?.abort();
  else if (message.type === "count") void count(message.id, message.request);
  else void answer(message.id, message.request);
});

/** A count cannot be called off: with the model at hand it is a matter of milliseconds. */
async function count(id: number, { file, turns, templateParameters }: InferenceRequest): Promise<void> {
  try {
    const inputTokens = await models.read(file, (prompts) => prompts.prompt(turns, templateParameters).tokens.length);
    send({ type: "events", id, events: [{ type: "usage", inputTokens, outputTokens: 0 }] });
    send({ type: "ended", id });
  } catch (error) {
    send({ type: "ended", id, error: asLocalError(error, "before-headers").info });
  }
}

/** Events of one turn of the event loop leave in one message: a message for each token would cost more than the token. */
async function answer(id: number, request: InferenceRequest): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  const task = new AnswerTask(request, (events) => send({ type: "events", id, events }), abort.signal);
  try {
    await models.use(request.file, task.progress, abort.signal, (model) => task.run(model));
    send({ type: "ended", id });
  } catch (error) {
    send(abort.signal.aborted ? { type: "ended", id } : { type: "ended", id, error: asLocalError(error, task.phase).info });
  } finally {
    running.delete(id);
  }
}

/** A sidecar that has gone meanwhile is no error: `disconnect` tells of it. */
function send(message: FromInference): void {
  if (process.connected) process.send?.(message, () => {});
}
