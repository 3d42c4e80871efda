import type { Db } from "../db/client.ts";
import { findFacts } from "../db/operation-facts.ts";
import type { OperationId } from "../domain/ids.ts";
import type { Bus } from "../events/bus.ts";
import type { Ended } from "./followers.ts";

/** Writes one line of the log: fields for programs, and a few words. */
export type WriteLine = (level: "info" | "warn", fields: Readonly<Record<string, unknown>>, words: string) => void;

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly write: WriteLine;
  readonly onError: (error: unknown) => void;
}

/** A line when an operation begins and one when it ends, each with its id, so that a log can be searched by it. */
export function logOperations({ catalog, bus, write, onError }: Dependencies) {
  const begun = new Set<OperationId>();
  const stream = bus.subscribe("progress");
  const listen = async () => {
    for await (const { operationId, kind, status } of stream) {
      if (status !== "RUNNING" || begun.has(operationId)) continue;
      begun.add(operationId);
      const facts = await findFacts(catalog, kind, operationId).catch(onError);
      write("info", { operationId, kind, schedule: facts?.schedule ?? null }, "operation began");
    }
  };
  void listen();
  return {
    async follow({ kind, id }: Ended): Promise<void> {
      begun.delete(id);
      const facts = await findFacts(catalog, kind, id);
      if (facts) write(facts.status === "FAILED" ? "warn" : "info", { operationId: id, kind, ...facts }, "operation ended");
    },
    stop: () => stream.close(),
  };
}
