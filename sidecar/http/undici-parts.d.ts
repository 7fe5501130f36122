// The parts of undici that are used here. Its index loads all of them, `fetch`, caches, sockets for the web and mocks for tests as well: a
// tenth of a second and 12 MB in each process. Each part is the file in which undici itself has it; its version is pinned.

declare module "undici/lib/core/connect.js" {
  export { buildConnector as default } from "undici";
}

declare module "undici/lib/core/errors.js" {
  import { errors } from "undici";
  export default errors;
}

declare module "undici/lib/dispatcher/agent.js" {
  export { Agent as default } from "undici";
}

declare module "undici/lib/dispatcher/client.js" {
  export { Client as default } from "undici";
}

declare module "undici/lib/dispatcher/pool.js" {
  export { Pool as default } from "undici";
}
