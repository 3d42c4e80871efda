import { type ForeignBackup, listedAtMost, type RebuildProblem } from "../domain/rebuild.ts";

export type Tally = ReturnType<typeof openTally>;

/** Counts what is found on a storage; of long lists it keeps the beginning. */
export function openTally() {
  const counts = { found: 0, adopted: 0, copies: 0, known: 0, foreign: 0 };
  const problems: RebuildProblem[] = [];
  const foreignBackups: ForeignBackup[] = [];
  let more = 0;
  return {
    add(what: keyof typeof counts): void {
      counts[what] += 1;
    },
    problem(folder: string, message: string): void {
      if (problems.length < listedAtMost) problems.push({ folder, message });
      else more += 1;
    },
    foreign(backup: ForeignBackup): void {
      counts.foreign += 1;
      if (foreignBackups.length < listedAtMost) foreignBackups.push(backup);
    },
    report: () => ({
      ...counts,
      foreignBackups,
      problems: more > 0 ? [...problems, { folder: "", message: `And ${more} more.` }] : problems,
    }),
  };
}
