import type { DatabaseEngine, MediaMode } from "../../shared/enums.ts";
import { formatBytes } from "../../shared/format.ts";
import { engineWords, lockWords, mediaWords } from "../../shared/load-words.ts";
import type { BackupDetailFragment } from "../graphql/generated.ts";

type Fact = [name: string, value: string];

/** How a source's database is read, for who sets it up. */
export const engineOptions = [
  {
    value: "AUTO",
    label: "The fastest way that works",
    note: "Several connections read one and the same moment of the database, where the server allows it; else the dump program does.",
  },
  {
    value: "PARALLEL",
    label: "Always by several connections",
    note: "A backup that cannot be taken so fails, and says why.",
  },
  { value: "MYSQLDUMP", label: "Always by the dump program", note: "One connection: slower, and the least that can be asked of a server." },
] as const satisfies readonly { readonly value: DatabaseEngine; readonly label: string; readonly note: string }[];

/** The same where a form may leave it to the source: empty for that. */
export const engineChoices = (usual: DatabaseEngine | undefined) => [
  { value: "" as const, label: `As the source says${usual ? `, now ${engineWords[usual]}` : ""}` },
  ...engineOptions.map(({ value, label }) => ({ value, label })),
];
export type EngineChoice = DatabaseEngine | "";

/** How a source's media are kept, for who sets it up. */
export const mediaOptions = [
  {
    value: "ARCHIVE",
    label: "One archive for each backup",
    note: "A tar that any computer opens. Each backup takes the full space again.",
  },
  {
    value: "INCREMENTAL",
    label: "In each backup only what is new",
    note: "Fast and small where little changes. Each backup is a whole one all the same: browsed, restored, copied and deleted by itself.",
  },
] as const satisfies readonly { readonly value: MediaMode; readonly label: string; readonly note: string }[];

/** The same where a form may leave it to the source. */
export const mediaChoices = (usual: MediaMode | undefined) => [
  { value: "" as const, label: `As the source says${usual ? `, now ${mediaWords[usual]}` : ""}` },
  ...mediaOptions.map(({ value, label }) => ({ value, label })),
];
export type MediaChoice = MediaMode | "";

/** What a backup asked of its source, each only where it is known. */
export function loadFacts({
  connections,
  busiest,
  average,
  lockMilliseconds,
  bytesPerSecond,
}: NonNullable<BackupDetailFragment["sourceLoad"]>): Fact[] {
  return [
    ["Connections", connections.toLocaleString("en-US")],
    ["Read", `${formatBytes(bytesPerSecond)} a second`],
    ...(busiest === null ? [] : [["Statements at once", busyWords(busiest, average)] satisfies Fact]),
    ["Writers waited", lockMilliseconds === null ? "Not at all" : lockWords(lockMilliseconds)],
  ];
}

const busyWords = (busiest: number, average: number | null): string =>
  busiest === 0
    ? "None, when it was asked"
    : `${busiest.toLocaleString("en-US")} at most${average === null ? "" : `, ${average.toFixed(1)} on average`}`;

/** The stored bytes of a backup: all that it needs, and what of it is new, where it shares some with others. */
export const storedWords = (storedSize: number, addedSize: number | null): string =>
  addedSize === null ? formatBytes(storedSize) : `${formatBytes(storedSize)}, of which ${formatBytes(addedSize)} new`;

export const mediaWord = (mode: MediaMode): string => mediaWords[mode].charAt(0).toUpperCase() + mediaWords[mode].slice(1);

/** Begins a sentence or stands alone. */
export const engineWord = (engine: DatabaseEngine): string => engineWords[engine].charAt(0).toUpperCase() + engineWords[engine].slice(1);
