// What models are called, for people. The sidecar knows; this remembers what it said.

import { basename } from "node:path";
import type { CancellationToken } from "vscode-jsonrpc";
import type { ModelView } from "../../media/protocol.ts";
import { ListModels, type ListModelsResult, ListProviders } from "../../sidecar/protocol.ts";
import type { ModelInfo, ModelRef, ProviderInfo } from "../../sidecar/types.ts";
import type { SidecarClient } from "../sidecar-client.ts";

export interface ModelListing extends ListModelsResult {
  readonly providers: readonly ProviderInfo[];
}

export class ModelDirectory {
  readonly #client: SidecarClient;
  readonly #known = new Map<ModelRef, ModelInfo>();
  #providers: readonly ProviderInfo[] = [];

  constructor(client: SidecarClient) {
    this.#client = client;
  }

  async providers(token?: CancellationToken): Promise<readonly ProviderInfo[]> {
    this.#providers = (await this.#client.request(ListProviders, null, token)).providers;
    return this.#providers;
  }

  /** As it was when it was last asked for; undefined if it never was, or is unknown. */
  knownProvider(id: string): ProviderInfo | undefined {
    return this.#providers.find((provider) => provider.id === id);
  }

  /** All models that can be reached without more being set. */
  async list(options: { readonly refresh?: boolean }, token?: CancellationToken): Promise<ModelListing> {
    const [providers, listed] = await Promise.all([this.providers(token), this.#client.request(ListModels, options, token)]);
    this.#remember(listed.models);
    return { providers, ...listed };
  }

  /** Never asks anything outside this machine, so that showing a name neither costs nor waits. */
  async describe(ref: ModelRef): Promise<ModelView> {
    const slash = ref.indexOf("/");
    const provider = ref.slice(0, slash);
    const model = ref.slice(slash + 1);
    const [providers] = await Promise.all([this.providers(), provider === "local" ? this.#learnLocal(ref) : undefined]);
    const known = this.#known.get(ref);
    return {
      ref,
      name: known?.name ?? (provider === "local" ? basename(model) : model),
      providerName: providers.find(({ id }) => id === provider)?.name ?? provider,
      demo: known?.demo ?? false,
    };
  }

  async #learnLocal(ref: ModelRef): Promise<void> {
    if (this.#known.has(ref)) return;
    // A platform without local inference has no names to tell either.
    const listed = await this.#client.request(ListModels, { provider: "local" }).catch(() => null);
    this.#remember(listed?.models ?? []);
  }

  #remember(models: readonly ModelInfo[]): void {
    for (const model of models) this.#known.set(model.ref, model);
  }
}
