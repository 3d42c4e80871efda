import type { OperationKind, OperationStatus } from "../../../shared/enums.ts";
import { notFound } from "../../domain/errors.ts";
import * as documents from "../documents/operations.ts";
import { answer, onOneLine } from "../output.ts";
import type { Session } from "../session.ts";

/** cancel. */
export async function cancel(session: Session, id: string): Promise<void> {
  const { cancelOperation } = await session.holdfast.ask<{ cancelOperation: boolean }>(documents.cancelDocument, { id });
  answer(session, { id, cancelled: cancelOperation }, cancelOperation ? "It is being cancelled." : "It had ended already.");
}

interface Line {
  readonly sequence: number;
  readonly level: string;
  readonly message: string;
}

/** follow: its log as it grows, until it ends; leaving does not cancel it. Exit status 1 when it did not complete. */
export async function follow(session: Session, id: string): Promise<void> {
  const { holdfast, signal } = session;
  const { kind } = await operationOf(session, id);
  const lines = holdfast.listen<{ operationLog: Line }>(documents.logDocument, { id, after: 0 });
  const leave = () => void lines.return?.();
  signal.addEventListener("abort", leave, { once: true });
  // A connection that was made again tells the lines from the first one on.
  let last = 0;
  for await (const { operationLog } of lines) {
    if (operationLog.sequence <= last) continue;
    last = operationLog.sequence;
    process.stderr.write(
      `${operationLog.level === "INFO" ? "" : `${operationLog.level.toLowerCase()}: `}${onOneLine(operationLog.message)}\n`,
    );
  }
  signal.throwIfAborted();
  const { operation } = await holdfast.ask<{ operation: { status: OperationStatus; error: { message: string } | null } }>(
    documents.endDocuments[kind],
    { id },
  );
  if (operation.status !== "COMPLETED") process.exitCode = 1;
  answer(
    session,
    { ...operation, kind },
    `${kind.toLowerCase()} ${operation.status.toLowerCase()}${operation.error ? `: ${operation.error.message}` : ""}`,
  );
}

/** What kind of operation an id is; throws NOT_FOUND. */
async function operationOf({ holdfast }: Session, id: string): Promise<{ readonly kind: OperationKind }> {
  const found = await holdfast.ask<Record<string, { kind: OperationKind } | null>>(documents.anyDocument, { id });
  const one = Object.values(found).find((each) => each !== null);
  if (!one) throw notFound("operation", id);
  return one;
}
