// Providers, models, settings, keys.

import { DefaultModel, ListModels, ListProviders, SetKey, UpdateSettings } from "../protocol.ts";
import { refuse } from "../check.ts";
import type { Router } from "./router.ts";
import { params } from "./shapes.ts";

export function addModelHandlers(router: Router): void {
  router.on(ListProviders, params.nothing, async ({ services }) => ({ providers: (await services.engine()).listProviders() }));

  router.on(ListModels, params.listModels, async ({ services }, asked, signal) => {
    if (asked.baseUrl !== undefined && asked.provider === undefined) refuse("provider", "given where `baseUrl` is");
    return (await services.engine()).listModels(asked, signal);
  });

  router.on(DefaultModel, params.lastUsed, async ({ services }, { lastUsed }, signal) => {
    return (await services.engine()).defaultModel(lastUsed, signal);
  });

  router.on(UpdateSettings, params.settings, ({ services }, { settings }) => {
    services.updateSettings(settings);
    return null;
  });

  router.on(SetKey, params.key, ({ services }, { provider, origin, key }) => {
    services.setKey(provider, origin, key);
    return null;
  });
}
