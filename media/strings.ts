// Every text of the page, in one place, so that it can be localised: plain templates with named places, which a bundle of
// the same keys replaces.

import type { FinishReason, StatusPhase } from "../sidecar/types.ts";

const ENGLISH = {
  // Regions and states, as a screen reader says them.
  conversation: "Conversation",
  composer: "Your question",
  chatActions: "Chat actions",
  youAsked: "You asked",
  answer: "Answer",
  answerOf: "Answer of {model}",
  answering: "Answering",
  answerComplete: "Answer complete",
  answerStopped: "Answer stopped",
  answerIncomplete: "The answer is incomplete",
  copied: "Copied",

  // Header
  untitled: "New chat",
  newChat: "New Chat",
  history: "Chat History",

  // Composer
  placeholder: "Ask anything",
  placeholderAnswering: "Type your next question meanwhile",
  chooseModel: "Choose Model…",
  changeModel: "Model: {model}. Change it…",
  send: "Send",
  sendHint: "Send (Enter)",
  stop: "Stop",
  stopHint: "Stop the answer (Escape)",
  cannotSendLoading: "The chat is still loading",
  cannotSendEmpty: "Type a question first",
  cannotQueueMore: "No more questions can be lined up",
  queue: "Send after this answer",
  queueHint: "Send when this answer is complete (Enter)",
  queuedPrompts: "Questions that are sent next",
  next: "Next:",
  nextPaused: "Next (waits for you):",
  sendNow: "Send Now",
  editQueued: "Take it back into the composer",
  removeQueued: "Remove",
  cannotSendElsewhere: "Another window is answering in this conversation",
  cannotSendSending: "The question is being sent",
  sending: "Sending…",
  demoHint: "The demo has no knowledge.",
  getModel: "Get a real model…",
  jumpToLatest: "Jump to latest",

  // Empty chat
  welcome: "What would you like to know?",
  welcomeDetail:
    "Ask about your code or anything else. To ask about a piece of code, select it and choose Explain Selection or Ask About Selection… from its context menu.",
  examples: "Try one of these",
  example1: "Explain race conditions with a short example",
  example2: "Write a function that parses “1h 30m” into seconds",
  example3: "Compare REST and GraphQL in a table",
  modelLabel: "Model",
  change: "Change…",
  noModel: "No model chosen yet",
  noModelDetail: "Parley talks to models on this machine and to every large provider. Choose one to begin.",
  demoTitle: "The built-in demo has no knowledge",
  demoDetail: "It runs offline and shows how Parley works. For real answers, choose a model on this machine or at a provider.",
  chooseRealModel: "Choose a Real Model…",
  addServer: "Add Server…",

  // Versions of a message
  editQuestion: "Edit the question",
  editHint: "The question as it was stays beside it.",
  cancel: "Cancel",
  answerAgain: "Answer again",
  versions: "Versions",
  versionOf: "Version {version} of {versions}",
  previousVersion: "Previous version",
  nextVersion: "Next version",
  noPreviousVersion: "This is the first version",
  noNextVersion: "This is the last version",
  cannotChangeAnswering: "Wait until the answer is complete, or stop it with Escape",

  // Answers
  waitingForFirstToken: "Waiting for the first words",
  thinking: "Thinking",
  thought: "Reasoning",
  thoughtFor: "Thought for {time}",
  toolCall: "Tool call: {name}",
  note: "Note: {code}",
  noteOn: "Note: {code} ({parameter})",
  continueAnswer: "Continue",
  continued: "Continued",
  goesOnBelow: "The answer was interrupted here, and goes on below.",
  answeredElsewhere: "Another window is writing this answer.",
  summarized: "Earlier messages were summarized",
  summarizedDetail: "What stands above no longer fits into the model's context window. The model reads this summary instead:",
  summarizedBy: "Summarized by {model}",
  earlierMessages: "Earlier messages…",
  stopped: "You stopped this answer.",
  incomplete: "The answer ended before it was complete.",
  cutByLength: "The answer was cut: it reached the limit of output tokens.",
  cutByFilter: "The provider's content filter ended the answer.",
  emptyAnswer: "The model gave no text.",
  failed: "The answer failed.",
  details: "Details",
  tryAgain: "Try Again",
  adviceContinue: "Continue the answer.",
  adviceTryAgain: "Try again.",
  copyAnswer: "Copy answer",
  copyCode: "Copy code",
  code: "Code",
  image: "Image",
  imageOf: "Image: {description}",
  taskDone: "Done",
  taskOpen: "To do",
  showAll: "Show all",
  showLess: "Show less",
  openFile: "Open {name}",

  // The sidecar
  sidecarStarting: "Starting…",
  sidecarRestarting: "The background process ended. Starting it again…",
  sidecarFailed: "The background process does not run.",
  sidecarFailedAdvice: "Restart it. Its log tells what happened.",
  notKept: "Conversations are not kept: they end with this window.",
  restart: "Restart",
  showLog: "Show Log",

  // What an answer waits for
  queued: "Queued behind other requests",
  waitingForLimit: "Waiting for the provider's rate limit",
  waitingForLimitFor: "Waiting for the provider's rate limit ({time})",
  connecting: "Waiting for the first words",
  retrying: "Trying again",
  retryingIn: "Trying again in {time}",
  loadingModel: "Loading the model",
  loadingModelProgress: "Loading the model, {percent} %",
  processingPrompt: "Reading the prompt",
  processingPromptProgress: "Reading the prompt, {percent} %",
  summarizing: "Summarizing earlier messages, which do not fit into the model's context window any more",

  // Footer of an answer
  tokens: "{input} → {output} tokens",
  tokensEstimated: "about {input} → {output} tokens",
  inputTokens: "Input: {tokens} tokens",
  inputTokensCached: "Input: {tokens} tokens, {cached} of them cached",
  outputTokens: "Output: {tokens} tokens",
  outputTokensReasoning: "Output: {tokens} tokens, {reasoning} of them reasoning",
  estimated: "The provider gave no figures: these are estimates.",
  cacheWrites: "Written into the provider's cache: {tokens} tokens",
  costCharged: "Cost: {cost}, as the provider says",
  costSetting: "Cost: {cost}, by the price in your settings",
  costLive: "Cost: about {cost}, by the provider's price list",
  costBundled: "Cost: about {cost}, by published prices",
  costLocal: "Cost: nothing, since the model runs on this machine",
  firstWords: "First words after {time}",
  milliseconds: "{milliseconds} ms",
  seconds: "{seconds} s",
  minutes: "{minutes} min {seconds} s",
};

export type TextKey = keyof typeof ENGLISH;

/** Texts in another language, by the keys above; what is missing stays English. */
export type TextBundle = Partial<Record<TextKey, string>>;

let texts: Record<TextKey, string> = ENGLISH;

/** Takes the texts of another language, before the first of them is shown. */
export function localise(bundle: TextBundle): void {
  texts = { ...ENGLISH, ...bundle };
}

/** The text of a key, with `{name}` replaced by the value of that name. */
export function text(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  return texts[key].replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** For each phase: its words, those with the time left, and those with the progress. */
const PHASES: Readonly<Record<StatusPhase, { readonly plain: TextKey; readonly timed?: TextKey; readonly measured?: TextKey }>> = {
  queued: { plain: "queued" },
  "waiting-for-limit": { plain: "waitingForLimit", timed: "waitingForLimitFor" },
  connecting: { plain: "connecting" },
  retrying: { plain: "retrying", timed: "retryingIn" },
  "loading-model": { plain: "loadingModel", measured: "loadingModelProgress" },
  "processing-prompt": { plain: "processingPrompt", measured: "processingPromptProgress" },
  summarizing: { plain: "summarizing" },
};

/** What an answer waits for. `time` left in words, where it is known; `progress` from 0 to 1. */
export function phaseWords(phase: StatusPhase, time: string | undefined, progress: number | undefined): string {
  const { plain, timed, measured } = PHASES[phase];
  if (timed !== undefined && time !== undefined) return text(timed, { time });
  if (measured !== undefined && progress !== undefined) return text(measured, { percent: Math.round(progress * 100) });
  return text(plain);
}

/** Why a complete answer may not say all; undefined where it ended by itself. */
export function finishWords(reason: FinishReason | null): string | undefined {
  if (reason === "length") return text("cutByLength");
  return reason === "content-filter" ? text("cutByFilter") : undefined;
}
