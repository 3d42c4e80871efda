import { Failure } from "../domain/errors.ts";
import type { OperationId } from "../domain/ids.ts";
import { errorOf, type OperationRecord } from "../services/operation-view.ts";
import { showProgress } from "./progress.ts";
import type { Session } from "./session.ts";

/** One kind of operation, as its service offers it. */
interface Kind<Id extends OperationId, Row extends OperationRecord> {
  /** False when it does not wait to be run: then somebody else runs it, or it has ended. */
  perform(id: Id): Promise<boolean>;
  existing(id: Id): Promise<Row>;
}

/** Runs an operation that this command began, showing how far it is, and gives what became of it; throws its failure when it did not complete. */
export async function runShown<Id extends OperationId, Row extends OperationRecord>(
  { services, actor, output, signal }: Session,
  kind: Kind<Id, Row>,
  id: Id,
): Promise<Row> {
  // It may have ended by itself at this very moment; then its end stands.
  const cancel = () => void services.operations.cancel(actor, id).catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  const progress = await services.operations.watch(actor, id);
  const shown = showProgress(progress, output.bar);
  try {
    if (!(await kind.perform(id))) await shown;
  } finally {
    signal.removeEventListener("abort", cancel);
    await progress.return?.();
    await shown;
  }
  const ended = await kind.existing(id);
  if (ended.status === "COMPLETED") return ended;
  const { code, message, hint } = errorOf(ended) ?? { code: "INTERNAL", message: "It did not complete.", hint: null };
  throw new Failure(code, message, hint ?? undefined);
}
