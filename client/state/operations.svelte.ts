import type { Client } from "@urql/core";
import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import type { ProgressPartsFragment as Progress } from "../graphql/generated.ts";
import {
  ActiveOperationsDocument,
  BackupChangedDocument,
  CleanupChangedDocument,
  CopyChangedDocument,
  HealthChangedDocument,
  OperationProgressDocument,
  RestoreChangedDocument,
  ScheduleChangedDocument,
  ScheduleDeletedDocument,
  StorageChangedDocument,
  VerificationChangedDocument,
} from "../graphql/generated.ts";
import { connection } from "./connection.svelte.ts";

const remembered = 60;
const isOver = ({ status }: Progress) => status !== "QUEUED" && status !== "RUNNING";

/** The newest report of every operation, from one subscription: the pill, the lists and the pages all read it here. */
class LiveOperations {
  readonly latest = new SvelteMap<string, Progress>();
  readonly rates = new SvelteMap<string, readonly number[]>();
  active = $derived([...this.latest.values()].filter((progress) => !isOver(progress)));

  /** Takes a report in: a late one is dropped, and the percentage never falls. */
  report(progress: Progress) {
    // Whoever reports from an effect must not come to depend on what is written here.
    untrack(() => this.#take(progress));
  }

  #take(progress: Progress) {
    const before = this.latest.get(progress.operationId);
    if (before && (before.at > progress.at || (isOver(before) && !isOver(progress)))) return;
    const percent = Math.max(progress.percent, before?.percent ?? 0);
    this.latest.set(progress.operationId, { ...progress, percent });
    if (progress.bytesPerSecond !== null && before?.at !== progress.at) {
      const rates = this.rates.get(progress.operationId) ?? [];
      this.rates.set(progress.operationId, [...rates.slice(1 - remembered), progress.bytesPerSecond]);
    }
    connection.heard();
  }

  /** Follows the server until the returned function is called. */
  follow(client: Client): () => void {
    untrack(() => this.latest.clear());
    untrack(() => this.rates.clear());
    const streams = [
      client.subscription(OperationProgressDocument, {}).subscribe(({ data }) => data && this.report(data.operationProgress)),
      // These bring changed objects into the store; whoever shows them sees them change.
      client.subscription(BackupChangedDocument, {}).subscribe(() => connection.heard()),
      client.subscription(RestoreChangedDocument, {}).subscribe(() => connection.heard()),
      client.subscription(VerificationChangedDocument, {}).subscribe(() => connection.heard()),
      client.subscription(ScheduleChangedDocument, {}).subscribe(() => connection.heard()),
      client.subscription(ScheduleDeletedDocument, {}).subscribe(() => connection.heard()),
      client.subscription(CleanupChangedDocument, {}).subscribe(() => connection.heard()),
      client.subscription(CopyChangedDocument, {}).subscribe(() => connection.heard()),
      client.subscription(StorageChangedDocument, {}).subscribe(() => connection.heard()),
      client.subscription(HealthChangedDocument, {}).subscribe(() => connection.heard()),
    ];
    void this.catchUp(client);
    return () => {
      for (const stream of streams) stream.unsubscribe();
    };
  }

  /** What runs now, by a question: after a break, whatever the server no longer runs is no longer active. */
  async catchUp(client: Client) {
    const { data } = await client.query(ActiveOperationsDocument, {}, { requestPolicy: "network-only" });
    if (!data) return;
    const running = new Set(data.activeOperations.map((progress) => progress.operationId));
    for (const { operationId } of this.active) if (!running.has(operationId)) this.latest.delete(operationId);
    for (const progress of data.activeOperations) this.report(progress);
  }
}

export const operations = new LiveOperations();
