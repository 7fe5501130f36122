import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Connector, type Berth, type ConnectionOwner } from "../../../sidecar/http/connector.ts";
import { Network } from "../../../sidecar/http/network.ts";
import { networkCode } from "../../../sidecar/providers/provider-errors.ts";
import { ConnectProxy } from "../../support/connect-proxy.ts";

const someone: ConnectionOwner = { connectingBy: () => {} };
let proxy: ConnectProxy;

before(async () => {
  proxy = await ConnectProxy.start();
  proxy.instead = { raw: "HTTP/1.1 200 OK\r\n\r\n" };
});
after(async () => proxy.close());

test("For each owner one connection is opened: undici asks for another as often as one breaks before the request is written", async () => {
  const connector = new Connector(new Network({ settings: { proxy: proxy.url() }, environment: {}, warn: () => {} }));
  const connect = async (berth: Berth): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const place = { protocol: "http:", hostname: "provider.test", host: "provider.test", port: "" };
    connector.connect(
      place,
      (error, socket) => {
        socket?.destroy();
        resolve(error === null ? "connected" : `${networkCode(error)}: ${error.message}`);
      },
      berth,
    );
    return promise;
  };
  const berth: Berth = { owner: someone };
  assert.equal(await connect(berth), "connected");
  assert.equal(await connect(berth), "ECONNRESET: The connection broke before the request was written.");
  assert.equal(proxy.asked.length, 1);
  berth.owner = someone;
  assert.equal(await connect(berth), "connected");
});
