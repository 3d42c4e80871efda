import type { ErrorCode } from "../../shared/codes.ts";
import type { OperationKind, OperationStatus } from "../../shared/enums.ts";
import { Failure } from "../domain/errors.ts";
import { cancelDocument, endDocuments, progressDocument } from "./documents/operations.ts";
import { type ShownProgress, showProgress } from "./progress.ts";
import type { Session } from "./session.ts";

interface End {
  readonly operation: {
    readonly status: OperationStatus;
    readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string | null } | null;
  } | null;
}

/** Has an operation that this command began performed, showing how far it is; throws its failure when it did not complete. */
export async function runShown({ holdfast, output, signal }: Session, kind: OperationKind, id: string): Promise<void> {
  // It may have ended by itself at this very moment; then its end stands.
  const cancel = () => void holdfast.ask(cancelDocument, { id }).catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  const events = holdfast.listen<{ operationProgress: ShownProgress }>(progressDocument, { id });
  const shown = showProgress(progressOf(events), output.bar);
  try {
    await Promise.all([holdfast.perform(kind, id), shown]);
  } finally {
    signal.removeEventListener("abort", cancel);
    await events.return?.();
    await shown.catch(() => {});
  }
  const { operation } = await holdfast.ask<End>(endDocuments[kind], { id });
  if (operation?.status === "COMPLETED") return;
  const { code, message, hint } = operation?.error ?? { code: "INTERNAL", message: "It did not complete.", hint: null };
  throw new Failure(code, message, hint ?? undefined);
}

async function* progressOf(events: AsyncIterable<{ readonly operationProgress: ShownProgress }>): AsyncGenerator<ShownProgress, void> {
  for await (const { operationProgress } of events) yield operationProgress;
}
