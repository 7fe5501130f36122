// A conversation that one window is being answered in, deleted in another one: two built sidecars on one store.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { DeleteSession, GetSession, ListSessions } from "../../sidecar/protocol.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { until } from "../support/until.ts";
import { startSidecar } from "./built-sidecar.ts";
import { failure } from "./server/served.ts";

/** Two windows that have the same store open. */
async function twoWindows(context: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "parley-two-windows-"));
  context.after(() => rm(folder, { recursive: true, maxRetries: 5 }));
  const fake = await FakeProvider.start();
  context.after(() => fake.close());
  const [here, there] = [startSidecar(context), startSidecar(context)];
  for (const window of [here, there]) {
    const { persistence } = await window.shakeHands({ storeFolder: folder, baseUrl: fake.baseUrl("openai-chat") });
    assert.deepEqual(persistence, { available: true });
  }
  return { fake, here, there };
}

test("a conversation is not deleted from another window while it is being answered, and the answer comes to its end", async (context) => {
  const { fake, here, there } = await twoWindows(context);
  fake.enqueue({ steps: [{ text: "so far" }, { gate: "more" }, { text: ", so good" }, { finish: "stop" }] });
  const { user, assistant } = await here.ask("Is it safe?");
  await here.untilText("so far");
  const { session } = user;
  const refused = failure("busy", /^Another window or program is still writing an answer in this conversation/u);
  await assert.rejects(there.connection.sendRequest(DeleteSession, { session }), refused);
  assert.equal(here.hasExited, false);

  fake.gate("more").open();
  assert.equal((await here.untilEnd()).status, "complete");
  await until(async () => {
    const { messages } = (await there.connection.sendRequest(GetSession, { session })).session;
    return messages.length === 2 && messages[1]?.id === assistant.id && messages[1].status === "complete";
  }, "the whole answer, seen from the other window");
  await there.connection.sendRequest(DeleteSession, { session });
  assert.deepEqual((await here.connection.sendRequest(ListSessions, {})).sessions, []);
});

test("once the window that was being answered is dead, another one deletes its conversation", async (context) => {
  const { fake, here, there } = await twoWindows(context);
  fake.enqueue({ steps: [{ text: "so far" }, { gate: "more" }] });
  const { session } = (await here.ask("Is it safe?")).user;
  await here.untilText("so far");
  await assert.rejects(there.connection.sendRequest(DeleteSession, { session }), failure("busy"));
  here.child.kill("SIGKILL");
  await here.exited;
  await there.connection.sendRequest(DeleteSession, { session });
  assert.deepEqual((await there.connection.sendRequest(ListSessions, {})).sessions, []);
});
