// A server that is loading its model is asked again and again whether it is ready, by sending it the whole prompt. Of a batch
// that waits for it one does so at a time, until the first is taken on.

interface Question {
  readonly by: object;
  /** `performance.now()`. */
  readonly at: number;
}

/** By endpoint: the last question that was asked, or answered with "loading" where none was yet. */
const last = new WeakMap<object, Question>();

/** The endpoint has told this asker that it is loading its model. */
export function toldLoading(endpoint: object, by: object): void {
  if (!last.has(endpoint)) last.set(endpoint, { by, at: performance.now() });
}

/** True: it is this asker's turn, or the endpoint has loaded its model. False: another one has asked less than so many milliseconds ago. */
export function mayAskAgain(endpoint: object, by: object, everyMs: number): boolean {
  const question = last.get(endpoint);
  if (question === undefined) return true;
  const now = performance.now();
  if (question.by !== by && now - question.at < everyMs) return false;
  last.set(endpoint, { by, at: now });
  return true;
}

/** The endpoint has taken a request on. */
export function hasLoaded(endpoint: object): void {
  last.delete(endpoint);
}
