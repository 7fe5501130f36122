// The catalogue of messages between the sidecar and whoever started it (the extension host, a test, `parley serve`).
// Constants and shapes only. `PROTOCOL.md` has a section for each; a test holds the two together.
//
// Order: a request's answer comes after every notification that was sent before it. Cancellation of a request is
// JSON-RPC's own `$/cancelRequest`; the answer is then the error `RequestCancelled` (-32800).

import { NotificationType, RequestType } from "vscode-jsonrpc";
import type { ListModelsParams, ListModelsResult } from "./model-listing.ts";
import type { EngineSettings } from "./settings.ts";
import type { SearchResult, StoreStatistics } from "./store-results.ts";
import type {
  Cost,
  ErrorInfo,
  GenerationParameters,
  Message,
  ModelInfo,
  ModelRef,
  ProviderInfo,
  SessionDetail,
  SessionInfo,
  StoredMessage,
  StreamEvent,
  StreamRef,
  Usage,
  UserPart,
} from "./types.ts";

/** Raised when a message changes its meaning. Client and sidecar ship together, so they must agree exactly. */
export const PROTOCOL_VERSION = 1;

/** Data of a JSON-RPC error: what went wrong, as plain data. The JSON-RPC code is `RequestFailed` (-32803) for all of them. */
export interface RequestFailure {
  /** `stream-gone`, `session-not-found`, `message-not-found`, `busy`, `not-ready`, `wrong-version`, `invalid-params`, `invalid-archive`, `not-written`, `storage`, `provider`, `internal`: see PROTOCOL.md. */
  readonly code: string;
  /** With code `provider`. */
  readonly error?: ErrorInfo;
}

// ---------------------------------------------------------------- lifecycle

export interface InitializeParams {
  readonly protocolVersion: number;
  readonly client: { readonly name: string; readonly version: string };
  /** The sidecar ends when this process is gone, even if the pipe stays open. Null: only the pipe counts. */
  readonly parentPid: number | null;
  /** Folder of the conversation store; null keeps conversations in memory. */
  readonly storeFolder: string | null;
  readonly settings: EngineSettings;
}
export interface Availability {
  readonly available: boolean;
  /** For people, when not available. */
  readonly reason?: string;
  /** For people, though it is available: a slower disk, a damaged database that was repaired. */
  readonly notes?: readonly string[];
}
export interface InitializeResult {
  readonly protocolVersion: number;
  readonly version: string;
  /** New with each sidecar process. */
  readonly epoch: string;
  readonly pid: number;
  readonly persistence: Availability;
  readonly localInference: Availability;
}
/** Client to sidecar, first of all, once. Fails with `wrong-version` when the versions differ. */
export const Initialize = new RequestType<InitializeParams, InitializeResult, RequestFailure>("sidecar/initialize");
/** Client to sidecar. Answered at once, also before the handshake: a sign of life. */
export const Ping = new RequestType<null, null, RequestFailure>("sidecar/ping");
/** Client to sidecar. Cancels what runs, writes partial answers, answers, then exits. */
export const Shutdown = new RequestType<null, null, RequestFailure>("sidecar/shutdown");
/** Client to sidecar. Replaces all settings; running answers keep what they started with. */
export const UpdateSettings = new RequestType<{ readonly settings: EngineSettings }, null, RequestFailure>("settings/update");
/**
 * Client to sidecar. Holds a key in memory, for one provider and one origin (`https://api.openai.com`); null forgets it.
 * It is sent to that origin alone.
 */
export const SetKey = new RequestType<
  { readonly provider: string; readonly origin: string; readonly key: string | null },
  null,
  RequestFailure
>("key/set");

// ---------------------------------------------------------------- providers and models

export const ListProviders = new RequestType<null, { readonly providers: readonly ProviderInfo[] }, RequestFailure>("provider/list");

export type { ListModelsResult };
export const ListModels = new RequestType<ListModelsParams, ListModelsResult, RequestFailure>("model/list");

export interface DefaultModelResult {
  /** Null where nothing at all can answer (no demo on this platform, no key, no server). */
  readonly ref: ModelRef | null;
  readonly reason: "last-used" | "local-server" | "key" | "demo" | "none";
  /** Servers and providers that came before it and did not answer well, where there are any. A local server that does not run is none. */
  readonly failures?: ListModelsResult["failures"];
}
/** Client to sidecar. The last used model if it can still be called, else a server running here, else a provider with a key, else the demo. */
export const DefaultModel = new RequestType<{ readonly lastUsed: ModelRef | null }, DefaultModelResult, RequestFailure>("model/default");

// ---------------------------------------------------------------- sessions and chat

export const CreateSession = new RequestType<
  { readonly model: ModelRef | null; readonly title?: string; readonly systemPrompt?: string; readonly parameters?: GenerationParameters },
  { readonly session: SessionDetail },
  RequestFailure
>("session/create");
/** Newest first. */
export const ListSessions = new RequestType<{ readonly limit?: number }, { readonly sessions: readonly SessionInfo[] }, RequestFailure>(
  "session/list",
);
export interface GetSessionParams {
  readonly session: string;
  /** Messages at most: the newest of the path shown, or of what comes before `before`. Default 200. */
  readonly limit?: number;
  /** The messages that come before this one, on its path. */
  readonly before?: string;
}
/** Fails with `session-not-found`, and with `message-not-found` for a `before` that is not in it. */
export const GetSession = new RequestType<GetSessionParams, { readonly session: SessionDetail }, RequestFailure>("session/get");
/** Client to sidecar. Shows the branch that a message is on, and remembers it. Answered after the commit. */
export const SelectMessage = new RequestType<
  { readonly session: string; readonly message: string },
  { readonly session: SessionInfo },
  RequestFailure
>("session/select");
/** Changes what is given, keeps the rest. Answered after the commit. */
export const UpdateSession = new RequestType<
  {
    readonly session: string;
    readonly title?: string;
    readonly model?: ModelRef;
    readonly systemPrompt?: string;
    readonly parameters?: GenerationParameters;
  },
  { readonly session: SessionInfo },
  RequestFailure
>("session/update");
/** Cancels an answer that runs in it. Can be undone for ten minutes, or as long as this sidecar runs. */
export const DeleteSession = new RequestType<{ readonly session: string }, null, RequestFailure>("session/delete");
/** Client to sidecar. Takes a deletion back. Fails with `session-not-found` when it is gone for good. */
export const RestoreSession = new RequestType<{ readonly session: string }, { readonly session: SessionInfo }, RequestFailure>(
  "session/restore",
);
export interface SearchSessionsParams {
  /** As somebody typed it; quotation marks hold words together. */
  readonly text: string;
  /** Sessions at most; default 50. */
  readonly limit?: number;
  /** Messages of each at most; default 3. */
  readonly messagesPerSession?: number;
}
/** Client to sidecar. Over titles and messages of every session. */
export const SearchSessions = new RequestType<SearchSessionsParams, SearchResult, RequestFailure>("session/search");
export interface ExportSessionParams {
  readonly session: string;
  /** Absolute, on the machine of the sidecar. A file that is there is replaced when the new one is whole. */
  readonly path: string;
  /** Default: as the path ends, `.json` or anything else. */
  readonly format?: "markdown" | "json";
}
export interface ExportSessionResult {
  readonly bytes: number;
  /** Whether a file of this size is read back by `session/import`. */
  readonly readable: boolean;
}
/** Client to sidecar. Writes a session into a file, every branch of it. Fails with `session-not-found`, and with `not-written`. */
export const ExportSession = new RequestType<ExportSessionParams, ExportSessionResult, RequestFailure>("session/export");
export interface ImportSessionResult {
  readonly session: SessionInfo;
  /** For people: what of a file of another program has another place here than there, and what of an edited one was left out. */
  readonly notes: readonly string[];
}
/** Client to sidecar. Makes a new session of an exported file, whole or not at all. Fails with `invalid-archive`. */
export const ImportSession = new RequestType<{ readonly path: string }, ImportSessionResult, RequestFailure>("session/import");
/** Sidecar to client, after each commit that changed it. */
export const SessionChanged = new NotificationType<{ readonly session: SessionInfo }>("session/changed");

// ---------------------------------------------------------------- the store

/** Client to sidecar. How much is kept, and where. */
export const GetStoreStatistics = new RequestType<null, { readonly statistics: StoreStatistics }, RequestFailure>("store/statistics");
/**
 * Client to sidecar. Deletes, for good, the sessions that were last changed before this time (Unix, ms), except those that are
 * being answered. Tells how many.
 */
export const PruneStore = new RequestType<{ readonly before: number }, { readonly sessions: number }, RequestFailure>("store/prune");
export interface DeleteAllResult {
  readonly sessions: number;
  /** Names of backups and set-aside databases that went with them. */
  readonly files: readonly string[];
  /** Names of those that could not be removed. */
  readonly filesLeft: readonly string[];
}
/** Client to sidecar. Deletes every session for good, and the files that hold copies. Cancels what runs in them. */
export const DeleteAllSessions = new RequestType<null, DeleteAllResult, RequestFailure>("store/delete-all");
/** Sidecar to client: something about the store that people are to be told, as damage that was found later and what became of it. */
export const StoreNotice = new NotificationType<{ readonly message: string }>("store/notice");

/**
 * What a request for an answer does while the session is being answered. `wait`: it is answered when its turn has come.
 * `branch`: its answer begins at once, beside the one that runs. `refuse`: it fails with `busy`.
 */
export type WhenBusy = "wait" | "branch" | "refuse";

export interface SendChatParams {
  readonly session: string;
  readonly content: readonly UserPart[];
  /** Default: the session's own. Becomes the session's own. */
  readonly model?: ModelRef;
  /** The message that this one follows; default the session's leaf. Another one makes a branch. Null starts from nothing. */
  readonly parent?: string | null;
  /** Default `refuse`. */
  readonly whenBusy?: WhenBusy;
}
export interface ChatAnswer {
  /** The question, as kept, with its siblings. */
  readonly user: StoredMessage;
  /** The answer, with its siblings: `status` is `streaming`, `stream` says where to read it. */
  readonly assistant: StoredMessage;
}
/**
 * Client to sidecar. Answered when question and empty answer are committed, before the provider is called: from then on
 * nothing is lost. Fails with `busy` while the session is answering, unless `whenBusy` says otherwise.
 */
export const SendChat = new RequestType<SendChatParams, ChatAnswer, RequestFailure>("chat/send");
/** Client to sidecar. Asks an earlier question in other words, with what was attached to it, beside the old one, which stays. */
export const EditChat = new RequestType<EditChatParams, ChatAnswer, RequestFailure>("chat/edit");
export interface EditChatParams {
  readonly session: string;
  /** The question. */
  readonly message: string;
  /** In place of all text in it. */
  readonly text: string;
  /** Default: the session's own. Becomes the session's own. */
  readonly model?: ModelRef;
  /** Default `refuse`. */
  readonly whenBusy?: WhenBusy;
}
export interface AnswerAgainParams {
  readonly session: string;
  /** The message that is answered again, or gone on with. */
  readonly message: string;
  /** Default: the session's own. Becomes the session's own. */
  readonly model?: ModelRef;
  /** Default `refuse`. */
  readonly whenBusy?: WhenBusy;
}
/** Client to sidecar. Answers the same question again beside the old answer. */
export const RetryChat = new RequestType<AnswerAgainParams, ChatAnswer, RequestFailure>("chat/retry");
/** Client to sidecar. Goes on with an answer that ended before it was complete, in a message of its own that follows it. */
export const ContinueChat = new RequestType<AnswerAgainParams, ChatAnswer, RequestFailure>("chat/continue");
/** Sidecar to client: older messages of a session were summarised, because they did not fit into the model's context window any more. */
export const ChatSummarized = new NotificationType<{ readonly summary: StoredMessage }>("chat/summarized");

// ---------------------------------------------------------------- streams

export interface AttachStreamParams extends StreamRef {
  /** Chosen by the client, unique on this connection: names the cursor. */
  readonly reader: string;
  /** The last number the client has applied; 0 reads from the start. */
  readonly afterSeq: number;
}
/**
 * Client to sidecar: first reading, attaching again, a second panel, all the same. Events after `afterSeq` follow as
 * `stream/events`. Fails with `stream-gone` for another epoch or a stream that was let go: then read the session.
 */
export const AttachStream = new RequestType<AttachStreamParams, { readonly lastSeq: number; readonly ended: boolean }, RequestFailure>(
  "stream/attach",
);
/** Sidecar to client: consecutive numbers, none left out. The reader is closed by the sidecar once `end` was acknowledged. */
export const StreamEvents = new NotificationType<{ readonly reader: string; readonly events: readonly StreamEvent[] }>("stream/events");
/** Client to sidecar: applied up to and including `seq`. The sidecar keeps a bounded amount unacknowledged on the way. */
export const AckStream = new NotificationType<{ readonly reader: string; readonly seq: number }>("stream/ack");
/** Client to sidecar: the cursor is closed. The answer goes on. */
export const DetachStream = new NotificationType<{ readonly reader: string }>("stream/detach");
/** Client to sidecar. Answered when the answer has ended and the provider's socket is closed. False: it had ended before. */
export const CancelStream = new RequestType<StreamRef, { readonly cancelled: boolean }, RequestFailure>("stream/cancel");

// ---------------------------------------------------------------- one prompt over many files

export interface GatherItem {
  /** Unique in the run, chosen by the client. */
  readonly item: string;
  /** Read through `file/read` when a slot is free. */
  readonly uri: string;
  /** What the model is told it is called. */
  readonly name: string;
}
export interface StartGatherParams {
  readonly items: readonly GatherItem[];
  readonly prompt: string;
  readonly models: readonly ModelRef[];
  readonly concurrency?: number;
  /** What all answers of the run may take together. */
  readonly budget?: RunBudget;
  readonly parameters?: GenerationParameters;
}
export interface RunBudget {
  readonly tokens?: number;
  /** US dollars. The run is refused where the price of one of the models is not known. */
  readonly amount?: number;
  readonly requests?: number;
}
export interface GatherStream extends StreamRef {
  readonly item: string;
  readonly model: ModelRef;
}
/** Client to sidecar. Answers at once with one stream for each item and model; all begin as `queued`. */
export const StartGather = new RequestType<
  StartGatherParams,
  { readonly run: string; readonly streams: readonly GatherStream[] },
  RequestFailure
>("gather/start");
/** Client to sidecar. Answered when every item has ended. */
export const CancelGather = new RequestType<{ readonly run: string }, null, RequestFailure>("gather/cancel");
export interface GatherEnded {
  readonly run: string;
  readonly complete: number;
  /** With status `error` or `incomplete`. */
  readonly failed: number;
  readonly cancelled: number;
  /** Of the failed ones: not sent, because the run's budget was used up. Absent without a budget. */
  readonly overBudget?: number;
  readonly usage: Usage | null;
  readonly cost?: Cost;
}
/** Sidecar to client, once for each run, after the `end` of all its streams was logged. */
export const GatherEnd = new NotificationType<GatherEnded>("gather/end");

// ---------------------------------------------------------------- what the sidecar asks of the client

export interface FileContent {
  readonly text: string;
  readonly languageId?: string;
}
/** Sidecar to client: the document as it is on screen, else as it is stored. One at a time for each run's free slot. */
export const ReadFile = new RequestType<{ readonly uri: string }, FileContent, RequestFailure>("file/read");

/** Sidecar to client: models that other extensions offer. Empty where the editor has none. */
export const ListEditorModels = new RequestType<null, { readonly models: readonly ModelInfo[] }, RequestFailure>("editor-model/list");
export interface EditorModelRequest {
  /** Chosen by the sidecar: names this answer in `editor-model/delta`. */
  readonly answer: string;
  readonly model: string;
  readonly messages: readonly Message[];
  readonly parameters: GenerationParameters;
}
/** Sidecar to client: answered when the answer is whole. Cancelled by `$/cancelRequest`. */
export const AskEditorModel = new RequestType<EditorModelRequest, { readonly finishReason: "stop" | "other" }, RequestFailure>(
  "editor-model/ask",
);
export interface EditorCountRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly system?: string;
}
/**
 * Sidecar to client: tokens of a prompt, as the extension that offers the model counts each of its messages. Nobody is asked for
 * consent for it. Cancelled by `$/cancelRequest`.
 */
export const CountEditorTokens = new RequestType<EditorCountRequest, { readonly tokens: number }, RequestFailure>("editor-model/count");
export type EditorModelDelta =
  | { readonly answer: string; readonly type: "text"; readonly text: string }
  | { readonly answer: string; readonly type: "tool-call"; readonly id: string; readonly name: string; readonly arguments: string };
/** Client to sidecar, in order, before the request's answer. */
export const EditorModelDeltaSent = new NotificationType<EditorModelDelta>("editor-model/delta");
