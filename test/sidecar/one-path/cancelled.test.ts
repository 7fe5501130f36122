// What a cancellation leaves: no work at the server, and figures that say what they are.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { StreamEvent } from "../../../sidecar/types.ts";
import { ALL_WIRES, modelsOnWires } from "./models-on-wires.ts";

const { fake, llmOn } = await modelsOnWires();

for (const wire of ALL_WIRES) {
  describe(`Over ${wire}, an answer that is cancelled`, () => {
    test("quirk 41: while the server reads the prompt closes its socket", async () => {
      fake.enqueue({ holdHeaders: "reading" });
      const abort = new AbortController();
      const answer = llmOn(wire).generate("hi", { signal: abort.signal });
      await fake.waitFor(({ waitingAt }) => waitingAt.includes("reading"), "the request to arrive");
      abort.abort();
      assert.equal((await answer).status, "cancelled");
      await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the socket to be closed");
      assert.equal(fake.requests[0]?.state, "client-closed");
    });

    test("quirk 41: while the server writes closes its socket", async () => {
      fake.enqueue({ steps: [{ text: "so far" }, { gate: "never" }] });
      const abort = new AbortController();
      for await (const { content } of llmOn(wire).stream("hi", { signal: abort.signal })) if (content !== "") abort.abort();
      await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the socket to be closed");
      assert.equal(fake.requests[0]?.state, "client-closed");
    });

    test("quirk 41: was asked for as a stream, since servers do not stop for any other; a caller who wants none is refused", async () => {
      const own = { stream: false };
      const providerOptions = { "openai-compatible": own, openai: own, anthropic: own, ollama: own };
      await assert.rejects(llmOn(wire).generate("hi", { providerOptions }), /does not support "providerOptions\..*\.stream"/u);
      await llmOn(wire).generate("hi");
      assert.deepEqual(
        fake.requests.filter(({ path }) => !path.endsWith("/show")).map(({ body }) => body?.["stream"]),
        [true],
      );
    });

    test("quirk 22: has an estimate of its usage that is marked as one, and the id by which the provider knows it", async () => {
      fake.enqueue({ headers: { "x-generation-id": "gen-7" }, steps: [{ text: "x".repeat(400) }, { gate: "never" }] });
      const abort = new AbortController();
      let end: StreamEvent | undefined;
      for await (const { content, event } of llmOn(wire).stream("y".repeat(800), { signal: abort.signal })) {
        if (content !== "") abort.abort();
        end = event;
      }
      assert.ok(end?.type === "end" && end.status === "cancelled");
      assert.deepEqual([end.usage?.outputTokens, end.usage?.estimated, end.requestId], [100, true, "gen-7"]);
      assert.ok((end.usage?.inputTokens ?? 0) >= 200);
    });
  });
}
