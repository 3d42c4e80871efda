import type { Client } from "@urql/svelte";
import { CreateDownloadDocument, type CreateDownloadMutationVariables } from "../graphql/generated.ts";
import { Request } from "./request.svelte.ts";
import { toasts } from "./toasts.svelte.ts";

/** Something to download: makes a link to it and follows that. */
export class Downloading {
  readonly #client: Client;
  readonly #request = new Request();

  constructor(client: Client) {
    this.#client = client;
  }

  get busy(): boolean {
    return this.#request.busy;
  }

  async start(wanted: CreateDownloadMutationVariables) {
    const made = await this.#request.send(this.#client.mutation(CreateDownloadDocument, wanted));
    if (made) location.assign(made.createDownload.url);
    else if (this.#request.failure) toasts.warn(this.#request.failure.message);
  }
}
