// Conversations as tests of sessions write and read them.

import type { Session } from "../../../sidecar/sessions/session.ts";
import type { Turn } from "../../../sidecar/sessions/turn.ts";
import type { Message, StreamEvent } from "../../../sidecar/types.ts";

export const asked = (value: string): Message => ({ role: "user", content: [{ type: "text", text: value }] });
export const said = (value: string): Message => ({ role: "assistant", content: [{ type: "text", text: value }] });

/** All events of a turn, which runs to its end. */
export async function eventsOf(turn: Turn): Promise<readonly StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const batch of turn.events()) events.push(...batch);
  return events;
}

/** The path shown, a line each. */
export async function shown(session: Session): Promise<string[]> {
  return (await session.messages()).map(({ message, status }) => {
    const words = message.content.map((part) => (part.type === "text" ? part.text : part.type)).join("|");
    return `${message.role}${status === undefined ? "" : ` (${status})`}: ${words}`;
  });
}

/** A line for each message, in words. */
export const asText = (messages: readonly Message[]): string =>
  messages.map(({ role, content }) => `${role} ${content.map((part) => (part.type === "text" ? part.text : "")).join("")}`).join("\n");
