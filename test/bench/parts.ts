import { inspect } from "node:util";
import { dumpBytes } from "./baseline.ts";
import { catalogTimes } from "./catalog.ts";
import { databaseBackupRace, type Start } from "./database-backup.ts";
import { databaseRestoreRace } from "./database-restore.ts";
import { drillRace } from "./drill-race.ts";
import { incrementalRace } from "./incremental.ts";
import { loopDelay } from "./loop.ts";
import { type Media, makeMedia, mediaRace, mediaRestoreRace } from "./media-races.ts";
import { peakRace } from "./peak.ts";
import type { Race } from "./races.ts";
import { secondsToReady } from "./ready.ts";
import { rebuildTimes } from "./rebuild.ts";
import type { Findings } from "./report.ts";
import { scheduleTimes } from "./schedules.ts";
import { measureServerBackup } from "./server-backup.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

export interface Wishes extends Start {
  /** For all that a run makes; the caller removes it. */
  readonly folder: string;
  readonly megabytes: number;
  /** Whether there is a build of the server, without which what needs a server is left out. */
  readonly built: boolean;
  readonly keep: string | null;
  readonly withEngine: boolean;
}
type Measured = Omit<Findings, "at" | "machine" | "megabytes" | "rounds" | "form">;

/** Media for each megabyte of the database, as a shop may have it. */
const mediaShare = 1.3;

const ofDatabase = {
  "database-backup": databaseBackupRace,
  "database-restore": databaseRestoreRace,
  drill: drillRace,
  memory: peakRace,
} as const satisfies Record<string, (place: Workplace, bytes: number, wishes: Wishes) => Promise<Race>>;
const ofMedia = {
  media: mediaRace,
  "media-restore": mediaRestoreRace,
  incremental: incrementalRace,
} as const satisfies Record<string, (folder: string, media: Media, wishes: Wishes) => Promise<Race>>;
const ofServer = ["ready", "catalog", "schedules", "rebuild"] as const;
const namesOf = <T extends object>(parts: T) => Object.keys(parts) as (keyof T)[];

export const partNames = [...namesOf(ofDatabase), ...namesOf(ofMedia), "loop" as const, "backup" as const, ...ofServer];
export type PartName = (typeof partNames)[number];

/** Measures the parts that are wanted, those of one kind on the same generated data. */
export async function measureParts(wanted: readonly PartName[], wishes: Wishes): Promise<Measured> {
  const { folder, megabytes, built, rounds, signal, say } = wishes;
  const isWanted = (name: PartName) => wanted.includes(name);
  const races: Race[] = [];
  const failures: string[] = [];
  /** A race that breaks off must not take with it what an hour of others found. */
  const hold = async (name: PartName, race: () => Promise<Race>) => {
    try {
      races.push(await race());
    } catch (error) {
      if (signal.aborted) throw error;
      failures.push(`${name}: ${inspect(error)}`);
      say(`${name} broke off: ${error instanceof Error ? error.message : error}`);
    }
  };
  let backup: Findings["backup"];
  const ofEither = [namesOf(ofDatabase).filter(isWanted), namesOf(ofMedia).filter(isWanted)] as const;
  const loop = isWanted("loop") && built;
  const media = ofEither[1].length || loop ? await makeMedia(folder, megabytes * mediaShare, wishes) : null;
  if (media) for (const name of ofEither[1]) await hold(name, () => ofMedia[name](folder, media, wishes));
  if (ofEither[0].length || loop || isWanted("backup")) {
    say(`Preparing a database of ${megabytes} MB; a minute or two for 1000.`);
    await using place = await openWorkplace(wishes);
    const bytes = await dumpBytes(place, signal);
    for (const name of ofEither[0]) if (built || name !== "memory") await hold(name, () => ofDatabase[name](place, bytes, wishes));
    if (loop && media) await hold("loop", () => loopDelay(place, media, wishes));
    if (isWanted("backup")) backup = await measureServerBackup(place, bytes, wishes);
  }
  const ready = isWanted("ready") && built ? { ...(await secondsToReady(rounds, signal)), goal: 3 } : undefined;
  const catalog = isWanted("catalog") && built ? await catalogTimes(signal, say) : undefined;
  const schedules = isWanted("schedules") && built ? await scheduleTimes(signal, say) : undefined;
  const rebuild = isWanted("rebuild") && built ? await rebuildTimes(signal, say) : undefined;
  return {
    races,
    failures,
    ...(backup && { backup }),
    ...(ready && { ready }),
    ...(catalog && { catalog }),
    ...(schedules && { schedules }),
    ...(rebuild && { rebuild }),
  };
}
