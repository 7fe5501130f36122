// The fake provider's HTTP control, for tests that run in another process. Paths and objects: see fake-provider.ts.

import type { ServerResponse } from "node:http";
import type { FakeProvider } from "./fake-provider.ts";
import type { FakeAnswer, FakeState, QueuedAnswer } from "./fake-provider-script.ts";

export async function handleControl(
  fake: FakeProvider,
  method: string,
  url: URL,
  bodyText: string,
  response: ServerResponse,
): Promise<void> {
  const path = url.pathname.slice("/control/".length);
  const [, gate, verb] = /^gate\/([^/]+)\/(open|release)$/u.exec(path) ?? [];
  if (method === "GET" && path === "state") reply(response, 200, fake.state());
  else if (method === "GET" && path === "requests") reply(response, 200, fake.requests);
  else if (method === "GET" && path === "wait") await waitFor(fake, url.searchParams, response);
  else if (method === "POST" && path === "enqueue") reply(response, 200, fake.enqueue(...queued(bodyText)));
  else if (method === "POST" && path === "respond") reply(response, 200, fake.respond(standing(bodyText)));
  else if (method === "POST" && path === "reset") reply(response, 200, fake.reset());
  else if (method === "POST" && path === "options") reply(response, 200, setOptions(fake, bodyText));
  else if (method === "POST" && gate !== undefined) {
    const named = fake.gate(decodeURIComponent(gate));
    reply(response, 200, verb === "open" ? named.open() : named.release());
  } else reply(response, 404, { error: `No such control: ${method} ${url.pathname}` });
}

function queued(bodyText: string): readonly QueuedAnswer[] {
  const answers: QueuedAnswer[] = JSON.parse(bodyText);
  return answers;
}

function standing(bodyText: string): FakeAnswer | null {
  const answer: FakeAnswer | null = JSON.parse(bodyText);
  return answer;
}

function setOptions(fake: FakeProvider, bodyText: string): void {
  const options: { models?: string[]; key?: string | null } = JSON.parse(bodyText);
  if (options.models !== undefined) fake.models = options.models;
  if (options.key !== undefined) fake.key = options.key ?? undefined;
}

async function waitFor(fake: FakeProvider, query: URLSearchParams, response: ServerResponse): Promise<void> {
  const number = (name: string): number | null => (query.has(name) ? Number(query.get(name)) : null);
  const [requests, clientClosed, openAnswers] = [number("requests"), number("clientClosed"), number("openAnswers")];
  const waitingAt = query.get("waitingAt");
  const holds = (state: FakeState): boolean =>
    (requests === null || state.requests >= requests) &&
    (clientClosed === null || state.clientClosed >= clientClosed) &&
    (openAnswers === null || state.openAnswers === openAnswers) &&
    (waitingAt === null || state.waitingAt.includes(waitingAt));
  try {
    await fake.waitFor(holds, query.toString(), number("timeoutMs") ?? undefined);
    reply(response, 200, fake.state());
  } catch (error) {
    reply(response, 408, { error: error instanceof Error ? error.message : String(error), state: fake.state() });
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "access-control-allow-origin": "*" });
  response.end(JSON.stringify(body ?? null));
}
