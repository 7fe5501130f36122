// What the processes of this machine have learned about the limits of endpoints.

import type { EndpointLimit } from "../store.ts";
import type { Connection } from "./connection.ts";
import { text } from "./rows.ts";

/** Older knowledge is dropped when something new is learned; milliseconds. */
const keptMs = 30 * 86_400_000;
const mostKept = 1000;

export class EndpointLimits {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  remember({ endpoint, until, size, learnedAt }: EndpointLimit): void {
    this.#connection.transaction(() => {
      this.#connection.run(
        "INSERT OR REPLACE INTO endpoint_limits (endpoint, until, size, learned_at) VALUES (?, ?, ?, ?)",
        endpoint,
        until ?? null,
        size ?? null,
        learnedAt,
      );
      this.#connection.run("DELETE FROM endpoint_limits WHERE learned_at < ?", learnedAt - keptMs);
      this.#connection.run(
        "DELETE FROM endpoint_limits WHERE endpoint NOT IN (SELECT endpoint FROM endpoint_limits ORDER BY learned_at DESC LIMIT ?)",
        mostKept,
      );
    });
  }

  known(): readonly EndpointLimit[] {
    return this.#connection.all("SELECT * FROM endpoint_limits ORDER BY learned_at DESC").map((row) => ({
      endpoint: text(row, "endpoint"),
      ...(row["until"] === null ? {} : { until: Number(row["until"]) }),
      ...(row["size"] === null ? {} : { size: Number(row["size"]) }),
      learnedAt: Number(row["learned_at"]),
    }));
  }
}
