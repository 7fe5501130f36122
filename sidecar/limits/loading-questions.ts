// A server that is loading its model is asked again and again whether it is ready, by sending it the whole prompt. Of a batch
// that waits for it one does so at a time, until the first is taken on.

interface Question {
  readonly by: object;
  /** `performance.now()`. */
  readonly at: number;
}

/** What is waited for. One server may have several models, and load one while another answers. */
export interface LoadingModel {
  readonly endpoint: object;
  readonly model: string;
}

/** By endpoint and model: the last question that was asked, or answered with "loading" where none was yet. */
const last = new WeakMap<object, Map<string, Question>>();

/** The endpoint has told this asker that it is loading the model. */
export function toldLoading({ endpoint, model }: LoadingModel, by: object): void {
  const questions = last.get(endpoint) ?? new Map<string, Question>();
  last.set(endpoint, questions);
  if (!questions.has(model)) questions.set(model, { by, at: performance.now() });
}

/** True: it is this asker's turn, or the endpoint has loaded the model. False: another one has asked less than so many milliseconds ago. */
export function mayAskAgain({ endpoint, model }: LoadingModel, by: object, everyMs: number): boolean {
  const questions = last.get(endpoint);
  const question = questions?.get(model);
  if (question === undefined) return true;
  const now = performance.now();
  if (question.by !== by && now - question.at < everyMs) return false;
  questions?.set(model, { by, at: now });
  return true;
}

/** The endpoint has taken a request for the model on. */
export function hasLoaded({ endpoint, model }: LoadingModel): void {
  last.get(endpoint)?.delete(model);
}
