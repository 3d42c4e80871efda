import { formatBytes, formatCount } from "../../shared/format.ts";
import type { CleanupRowFragment } from "../graphql/generated.ts";
import { sentence } from "./text.ts";

type Cleanup = Pick<CleanupRowFragment, "status" | "removedCount" | "freedBytes" | "kept" | "error"> & {
  readonly refused: readonly unknown[];
};

/** What a cleanup came to, in one sentence with its numbers. */
export function cleanupOutcome({ status, removedCount, freedBytes, kept, refused, error }: Cleanup): string {
  if (status === "QUEUED" || status === "RUNNING") return "Deleting what no limit keeps.";
  if (status === "FAILED" && error) return sentence(error.message);
  const held = refused.length > 0 ? `; ${formatCount(refused.length, "backup")} could not be deleted at once` : "";
  const kepts = kept === 0 ? "" : `, ${formatCount(kept, "backup")} kept`;
  return removedCount === 0 && refused.length === 0
    ? `Nothing to delete${kepts}.`
    : `Deleted ${formatCount(removedCount, "backup")}, freed ${formatBytes(freedBytes)}${kepts}${held}.`;
}
