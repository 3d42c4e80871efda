import type { Client } from "@urql/core";
import { SvelteMap } from "svelte/reactivity";
import { CreateUploadDocument, type UploadPartsFragment } from "../graphql/generated.ts";
import { failureView } from "../lib/failures.ts";
import { begunWith } from "../lib/upload-words.ts";
import { Sending } from "./sending.svelte.ts";
import { toasts } from "./toasts.svelte.ts";

// When the file was last changed, by upload: tells a file from another of the same name and size after the page was loaded anew.
const keyOf = (id: string) => `holdfast.upload.${id}`;

/** The files that this page is sending; they go on while the visitor looks at other places. */
class Uploading {
  readonly sendings = new SvelteMap<string, Sending>();

  constructor() {
    addEventListener("beforeunload", (event) => {
      if ([...this.sendings.values()].some(({ stage }) => stage === "sending" || stage === "waiting")) event.preventDefault();
    });
  }

  /** Sends each file: on from where an unfinished upload of it stands, else from its beginning. */
  async add(client: Client, files: readonly File[], known: readonly UploadPartsFragment[]) {
    for (const file of files) {
      const begun = begunWith(known, file, (id) => this.sendings.has(id) || this.#isOther(id, file));
      if (begun) this.send(begun.id, file);
      else await this.#create(client, file);
    }
  }

  /** Goes on with an unfinished upload; false when this is not the file that it began with. */
  resume(upload: Pick<UploadPartsFragment, "id" | "filename" | "size">, file: File): boolean {
    if (file.size !== upload.size || this.#isOther(upload.id, file)) return false;
    this.send(upload.id, file);
    return true;
  }

  send(id: string, file: File) {
    localStorage.setItem(keyOf(id), String(file.lastModified));
    const sending = new Sending(id, file, () => {
      this.sendings.delete(id);
      localStorage.removeItem(keyOf(id));
    });
    this.sendings.set(id, sending);
    sending.go();
  }

  forget(id: string) {
    this.sendings.get(id)?.pause();
    this.sendings.delete(id);
    localStorage.removeItem(keyOf(id));
  }

  async #create(client: Client, file: File) {
    const { data, error } = await client.mutation(CreateUploadDocument, { filename: file.name, size: file.size });
    if (data) this.send(data.createUpload.id, file);
    else if (error) toasts.warn(`${file.name}: ${failureView(error).message}`);
  }

  #isOther(id: string, { lastModified }: File): boolean {
    const kept = localStorage.getItem(keyOf(id));
    return kept !== null && kept !== String(lastModified);
  }
}

export const uploading = new Uploading();
