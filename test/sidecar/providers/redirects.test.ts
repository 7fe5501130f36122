// Where a provider's answer is a redirect: what is followed, and what is refused by name.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import type { Provider } from "../../../sidecar/providers/provider.ts";
import { fakeAtHand, providerOnWire } from "../../support/fake-at-hand.ts";
import { FakeProvider } from "../../support/fake-provider.ts";
import { call, callError } from "../../support/provider-calls.ts";
import { foldEvents } from "../../support/wire-reading.ts";

const here = await fakeAtHand();
const { fake } = here;
afterEach(() => fake.waitFor((state) => state.openAnswers === 0, "the answers of the test to be over"));

const chat = (): Provider => providerOnWire(here, "openai-chat");

describe("A redirect", () => {
  test("within the origin is followed with the same body and key", async () => {
    fake.enqueue({ status: 307, headers: { location: "/moved/v1/chat/completions" }, body: "" });
    const { events } = await call(chat());
    assert.equal(foldEvents(events).finish?.finishReason, "stop");
    assert.equal(fake.requests[1]?.path, "/moved/v1/chat/completions");
    assert.equal(fake.requests[1].bodyText, fake.requests[0]?.bodyText);
    assert.equal(fake.requests[1].headers["authorization"], "Bearer sk-test");
  });

  test("to another origin is refused, and the other one hears nothing", async () => {
    const other = await FakeProvider.start();
    try {
      fake.enqueue({ status: 307, headers: { location: `${other.origin}/v1/chat/completions` }, body: "" });
      const error = await callError(chat());
      assert.equal(error.providerCode, "redirect-refused");
      assert.ok(error.message.includes(other.origin));
      assert.equal(other.state().sockets, 0);
    } finally {
      await other.close();
    }
  });

  test("that would turn the request into another is refused", async () => {
    fake.enqueue({ status: 302, headers: { location: "/login" }, body: "" });
    assert.equal((await callError(chat())).providerCode, "redirect-refused");
  });

  for (const headers of [{}, { location: "" }, { location: "http://[" }]) {
    test(`with the headers ${JSON.stringify(headers)} leads nowhere and is refused after one request`, async () => {
      fake.respond({ status: 307, headers, body: "" });
      assert.match((await callError(chat())).message, /the redirect \(307\) is not followed: it names no address\.$/u);
      assert.equal(fake.requests.length, 1);
    });
  }

  test("in a circle ends", async () => {
    fake.respond({ status: 308, headers: { location: "/v1/chat/completions" }, body: "" });
    assert.equal((await callError(chat())).providerCode, "redirect-refused");
    assert.equal(fake.requests.length, 4);
  });
});
