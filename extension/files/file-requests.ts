// Answers the sidecar's `file/read`.

import { ResponseError } from "vscode-jsonrpc";
import { ReadFile } from "../../sidecar/protocol.ts";
import { REQUEST_FAILED } from "../client/request-failure.ts";
import type { SidecarClient } from "../sidecar-client.ts";
import { Unreadable, readFile } from "./file-reader.ts";

/** Lets the sidecar read files. Call it before the sidecar's first start. */
export function offerFiles(client: SidecarClient): void {
  client.onRequest(ReadFile, async ({ uri }) => {
    try {
      return await readFile(uri);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return new ResponseError(REQUEST_FAILED, error.message, { code: error.code });
    }
  });
}
