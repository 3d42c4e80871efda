import type { DatabaseEngine } from "../../shared/enums.ts";
import { formatBytes, formatCount } from "../../shared/format.ts";
import { engineWords, lockWords } from "../../shared/load-words.ts";
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
    ...(busiest === null ? [] : [["On the server at once", busyWords(busiest, average)] satisfies Fact]),
    ["Writers waited", lockMilliseconds === null ? "Not at all" : lockWords(lockMilliseconds)],
  ];
}

const busyWords = (busiest: number, average: number | null): string =>
  `At most ${formatCount(busiest, "statement")}${average === null ? "" : `, ${average.toFixed(1)} on average`}`;

/** Begins a sentence or stands alone. */
export const engineWord = (engine: DatabaseEngine): string => engineWords[engine].charAt(0).toUpperCase() + engineWords[engine].slice(1);
