// Plain JSON data shared by the editor's extension, the sidecar and the webview, by what it is about. It holds no behaviour,
// and all of it survives JSON.stringify and JSON.parse unchanged.

export type * from "./types/answer-events.ts";
export type * from "./types/conversations.ts";
export type * from "./types/errors.ts";
export type * from "./types/json.ts";
export type * from "./types/messages.ts";
export type * from "./types/models.ts";
export type * from "./types/parameters.ts";
export type * from "./types/usage-and-cost.ts";
