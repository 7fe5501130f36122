// Messages of the page as they arrive: anything at all, until their shape was looked at.

import type { FromWebview } from "../../media/protocol.ts";

type Kind = "text" | "number" | "number?" | "text?" | "action";
type MessageType = FromWebview["type"];

/** What each message carries. The compiler holds the names to the union; a missing type does not compile. */
const FIELDS: {
  readonly [type in MessageType]: { readonly [field in Exclude<keyof Extract<FromWebview, { type: type }>, "type">]-?: Kind };
} = {
  ready: {},
  send: { text: "text" },
  queue: { text: "text" },
  unqueue: { prompt: "text" },
  "send-queued": {},
  stop: { message: "text" },
  edit: { message: "text", text: "text" },
  continue: { message: "text" },
  select: { message: "text" },
  earlier: {},
  applied: { message: "text", seq: "number" },
  draft: { text: "text" },
  "pick-model": {},
  "new-session": {},
  "pick-session": {},
  copy: { text: "text" },
  "open-link": { url: "text" },
  "open-file": { uri: "text", startLine: "number?", endLine: "number?" },
  action: { action: "action", message: "text?" },
};

const ACTIONS: { readonly [action in Extract<FromWebview, { type: "action" }>["action"]]: true } = {
  retry: true,
  "set-key": true,
  "pick-model": true,
  "open-settings": true,
  "show-log": true,
  restart: true,
  "add-server": true,
};

const FITS: { readonly [kind in Kind]: (value: unknown) => boolean } = {
  text: (value) => typeof value === "string",
  "text?": (value) => value === undefined || typeof value === "string",
  number: (value) => Number.isSafeInteger(value),
  "number?": (value) => value === undefined || Number.isSafeInteger(value),
  action: (value) => typeof value === "string" && Object.hasOwn(ACTIONS, value),
};

/** True for a message of the union. The page is ours, but what runs in it read what a model wrote. */
export function isFromWebview(value: unknown): value is FromWebview {
  if (typeof value !== "object" || value === null) return false;
  const type: unknown = Reflect.get(value, "type");
  if (typeof type !== "string" || !isMessageType(type)) return false;
  return Object.entries(FIELDS[type]).every(([field, kind]) => FITS[kind](Reflect.get(value, field)));
}

function isMessageType(type: string): type is MessageType {
  return Object.hasOwn(FIELDS, type);
}
