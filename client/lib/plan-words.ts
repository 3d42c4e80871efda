import type { RestoreMode } from "../../shared/enums.ts";
import { formatBytes, formatCount } from "../../shared/format.ts";
import type { RestorePlanQuery } from "../graphql/generated.ts";
import { roughDuration } from "./time.ts";

type Plan = RestorePlanQuery["restorePlan"];
type Media = Plan["media"][number];

/** One line of the plan: what will be so afterwards, of how much, and the names where they are known. */
export interface PlanLine {
  readonly term: "Replaced" | "Added" | "Removed" | "Kept";
  readonly summary: string;
  readonly names: readonly string[];
}

/** The lines of the database, without those of which there is nothing. */
export function databaseLines(plan: NonNullable<Plan["database"]>): PlanLine[] {
  const { name, exists, tablesReplaced, tablesAdded, tablesRemoved, tablesKept, definitionsRemoved, definitionsAdded } = plan;
  const held = `about ${formatCount(plan.currentRowsEstimate, "row")} and ${formatBytes(plan.currentBytes)} now`;
  const going = tablesReplaced.length === 1 ? "which holds" : "which hold";
  const replaced = `${formatCount(tablesReplaced.length, "table")} of ${name}, ${going} ${held}`;
  const lines: [PlanLine["term"], string, readonly string[]][] = [
    ["Replaced", replaced, tablesReplaced],
    [
      "Added",
      exists
        ? `${formatCount(tablesAdded.length, "table")}, not in ${name} now`
        : `${formatCount(tablesAdded.length, "table")} in the new database ${name}`,
      tablesAdded,
    ],
    ["Removed", `${formatCount(tablesRemoved.length, "table")}, not in the backup`, tablesRemoved],
    ["Kept", `${formatCount(tablesKept.length, "table")}, as now`, tablesKept],
  ];
  return [
    ...lines.filter(([, , names]) => names.length > 0).map(([term, summary, names]) => ({ term, summary, names })),
    ...definitionLines(definitionsRemoved, definitionsAdded ?? 0),
  ];
}

/** Those of the target that go for those of the backup are exchanged: most of them come back as they were. */
function definitionLines(going: readonly string[], coming: number): PlanLine[] {
  const count = (number: number) => formatCount(number, "view, trigger, routine or event", "views, triggers, routines and events");
  if (going.length > 0 && coming > 0)
    return [{ term: "Replaced", summary: `${count(going.length)}, by the ${coming.toLocaleString("en-US")} of the backup`, names: going }];
  if (going.length > 0) return [{ term: "Removed", summary: `${count(going.length)} of the target`, names: going }];
  return coming > 0 ? [{ term: "Added", summary: `${count(coming)} of the backup`, names: [] }] : [];
}

/** The lines of one media folder; of files that nobody has listed beforehand it tells only what becomes of them. */
export function mediaLines({ path, exists, filesReplaced, filesAdded, filesRemoved, filesKept }: Media, mode: RestoreMode): PlanLine[] {
  if (filesReplaced === null && filesAdded === null) return [unlisted(path, exists, mode)];
  const lines: [PlanLine["term"], number | null, string][] = [
    ["Replaced", filesReplaced, "taken from the backup"],
    ["Added", filesAdded, exists ? "not there now" : "in a folder not there now"],
    ["Removed", filesRemoved, "not in the backup"],
    ["Kept", filesKept, "as now"],
  ];
  return lines.flatMap(([term, count, what]) =>
    count ? [{ term, summary: `${formatCount(count, "file")} of ${path}, ${what}`, names: [] }] : [],
  );
}

function unlisted(path: string, exists: boolean, mode: RestoreMode): PlanLine {
  if (!exists) return { term: "Added", summary: "The media folder, which is not there now", names: [path] };
  return (
    {
      REPLACE: { term: "Replaced", summary: "The media folder, with everything in it", names: [path] },
      OVERWRITE: { term: "Replaced", summary: `Files of ${path} that come again; how many is not known beforehand`, names: [] },
      PRESERVE: { term: "Added", summary: `Files that ${path} lacks now; how many is not known beforehand`, names: [] },
    } satisfies Record<RestoreMode, PlanLine>
  )[mode];
}

const order = ["Replaced", "Added", "Removed", "Kept"];

/** All lines of a plan, those of one kind together. */
export const planLines = ({ database, media, mode }: Plan): PlanLine[] =>
  [...(database ? databaseLines(database) : []), ...media.flatMap((folder) => mediaLines(folder, mode))].toSorted(
    (a, b) => order.indexOf(a.term) - order.indexOf(b.term),
  );

/** Whether anything that is there now goes, so that the target's name has to be typed. */
export const losesSomething = (plan: Plan): boolean => planLines(plan).some(({ term }) => term === "Replaced" || term === "Removed");

/** "Writes 2.00 GB; takes about 2 minutes". */
export function effortWords({ bytes, expectedSeconds }: Plan): string {
  const time =
    expectedSeconds === null ? "how long is not known, as nothing was restored here yet" : `takes ${roughDuration(expectedSeconds)}`;
  return `Writes ${formatBytes(bytes)}; ${time}`;
}

/** "Needs 2.40 GB for a while; 80.0 GB are free". */
export function spaceWords({ spaceNeeded, spaceFree }: Plan): string {
  const free = spaceFree === null ? "how much is free cannot be known from here" : `${formatBytes(spaceFree)} are free`;
  if (spaceNeeded === null) return `How much space it needs for a while cannot be known; ${free}`;
  return spaceNeeded === 0
    ? "Needs no space beside what is there"
    : `Needs ${formatBytes(spaceNeeded)} for a while beside what is there; ${free}`;
}

/** What the restore does to its target, as one sentence that goes on from the target's name. */
export function modeSentence(mode: RestoreMode, moment: string, partial: boolean): string {
  const past = moment === "" ? "as in the files" : `what it was at ${moment}`;
  return {
    REPLACE: partial
      ? `keeps all but what was chosen, which becomes ${past}.`
      : `becomes ${past}. Whatever was changed since is gone from it.`,
    OVERWRITE: `takes over everything ${moment === "" ? "in the files" : `of ${moment}`}; what is not in it stays.`,
    PRESERVE: `gets back what is missing of ${moment === "" ? "the files" : moment}. Nothing that is there now is changed.`,
  }[mode];
}
