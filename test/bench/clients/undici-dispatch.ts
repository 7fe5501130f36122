// undici's `dispatch`, which its `request` is made of, with a handler that throws the bytes away: the floor of what stands on
// it, without a stream or a promise for each piece.

import { Agent, type Dispatcher } from "undici";
import { WIRES } from "../server/wires.ts";
import type { BenchClient } from "./client.ts";

const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

export const client: BenchClient = {
  open: ({ baseUrl, wire }) => {
    const { origin, pathname } = new URL(baseUrl + WIRES[wire].path);
    return (onText, signal) =>
      new Promise((resolve, reject) => {
        let abort = (): void => {};
        const end = (): void => signal.removeEventListener("abort", abort);
        const handler: Dispatcher.DispatchHandler = {
          onRequestStart: (controller) => {
            abort = (): void => controller.abort(new Error("Nobody reads this any more."));
            signal.addEventListener("abort", abort, { once: true });
          },
          onResponseStart: () => {},
          onResponseData: () => onText(),
          onResponseEnd: () => {
            end();
            resolve();
          },
          onResponseError: (_controller, error) => {
            end();
            reject(error);
          },
        };
        dispatcher.dispatch({ origin, path: pathname, method: "POST", body: "{}" }, handler);
      });
  },
};
