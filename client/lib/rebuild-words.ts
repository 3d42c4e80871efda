import { formatCount } from "../../shared/format.ts";
import type { RebuildCatalogMutation } from "../graphql/generated.ts";

export type Rebuild = RebuildCatalogMutation["rebuildCatalog"];

/** What reading a storage found, or what came of taking it in, in a sentence or two. */
export function rebuildSentence(report: Rebuild): string {
  if (report.found === 0 && report.problems.length === 0) return "No backups lie here.";
  const { dryRun, adopted, copies } = report;
  const news = [
    ...(adopted > 0 ? [`${formatCount(adopted, "backup")} ${dryRun ? "not yet in the catalog" : "taken into the catalog"}`] : []),
    ...(copies > 0 ? [`${formatCount(copies, "further copy", "further copies")} of backups that it knows`] : []),
  ];
  const found = `${formatCount(report.found, "backup")} found`;
  if (news.length === 0)
    return `${found}: the catalog ${dryRun ? "knows" : "knew"} ${report.found === 1 ? "it" : "all that are of this Holdfast"}.`;
  return `${found}: ${news.join(" and ")}.`;
}

/** The numbers of it, each only where there is something to count. */
export function rebuildFacts({ found, adopted, copies, known, foreign, problems, missing, dryRun }: Rebuild): [string, string][] {
  const facts: [string, number][] = [
    ["Found", found],
    [dryRun ? "New" : "Taken in", adopted],
    ["Further copies", copies],
    ["Known before", known],
    ["Of another Holdfast", foreign],
    ["Unreadable", problems.length],
    ["Listed but not here", missing.length],
  ];
  return facts.filter(([name, count]) => name === "Found" || count > 0).map(([name, count]) => [name, count.toLocaleString("en-US")]);
}

/** How many would be taken in now. */
export const toAdopt = ({ adopted, copies, foreign }: Rebuild, withForeign: boolean): number =>
  adopted + copies + (withForeign ? foreign : 0);
