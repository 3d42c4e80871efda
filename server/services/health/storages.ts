import { formatBytes, formatCount } from "../../../shared/format.ts";
import type { Db } from "../../db/client.ts";
import { countUnencrypted } from "../../db/health.ts";
import { Failure } from "../../domain/errors.ts";
import type { HealthCheck } from "../../domain/health.ts";
import type { SettingValues } from "../../domain/settings.ts";
import { locationOf } from "../../domain/storage.ts";
import { refusedByStorage } from "../alert-storage.ts";
import type { StorageState, Storages } from "../storages.ts";
import { about, type HealthGroup, type Look, type Say, type Subject } from "./look.ts";
import { looker } from "./sources.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly storages: Pick<Storages, "list" | "open">;
  readonly settings: { current(): Promise<SettingValues> };
  readonly now: () => Date;
}

/** What the catalog knows of a storage beside its state. */
interface Known {
  readonly refused: readonly string[];
  readonly unencrypted: number;
  readonly lowPercent: number;
}

const subjectOf = ({ id, name }: Pick<StorageState, "id" | "name">): Subject => ({
  ...{ subject: `Storage ${name}`, subjectId: id, place: `/storages/${id}` },
});

/** Whether each storage can be used, has room, and holds what it is to hold. */
export const storageHealth = ({ catalog, storages, settings, now }: Dependencies): HealthGroup => ({
  name: "storages",
  looks: async () => {
    const [states, refused, unencrypted, { storageLowPercent }] = await Promise.all([
      storages.list(looker),
      refusedByStorage(catalog, now()),
      countUnencrypted(catalog),
      settings.current(),
    ]);
    return [
      ...states.flatMap((state): Look[] => {
        const known = { refused: refused.get(state.id) ?? [], unencrypted: unencrypted.get(state.id) ?? 0, lowPercent: storageLowPercent };
        return [
          { check: "storage.reach", ...subjectOf(state), look: () => reachChecks(state, storages) },
          { check: "storage.holds", ...subjectOf(state), look: async () => holdings(state, known) },
        ];
      }),
      { check: "storage.away", ...everywhere, look: async () => placeChecks(states) },
    ];
  },
});

async function reachChecks(state: StorageState, storages: Pick<Storages, "open">): Promise<HealthCheck[]> {
  const say = about(subjectOf(state));
  try {
    await (await storages.open(state.id)).check();
    return [say("storage.reach", "GOOD", `${locationOf(state.kind, state.config)} can be written and read.`)];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const check = error.reason === "STORAGE_NOT_MOUNTED" ? "storage.marker" : "storage.reach";
    return [say(check, "ERROR", error.message, { hint: error.hint ?? null })];
  }
}

function holdings(state: StorageState, { refused, unencrypted, lowPercent }: Known): HealthCheck[] {
  const say = about(subjectOf(state));
  const away = state.kind !== "LOCAL";
  const [problem] = refused;
  return [
    ...room(state, lowPercent, say),
    ...(state.sizeCapBytes !== null && state.usedBytes > state.sizeCapBytes
      ? [
          say(
            "storage.cap",
            "WARNING",
            `It holds ${formatBytes(state.usedBytes)}, more than its cap of ${formatBytes(state.sizeCapBytes)}.`,
            {
              hint: "Cleanup brings it below, as far as what is left is not protected. Raise the cap, or keep fewer backups.",
            },
          ),
        ]
      : []),
    ...(state.missingCopies > 0
      ? [
          say(
            "storage.copies",
            "WARNING",
            `${formatCount(state.missingCopies, "backup")} ${state.missingCopies === 1 ? "is" : "are"} to lie here and ${state.missingCopies === 1 ? "does" : "do"} not.`,
            {
              hint: "They are brought here by themselves when it can be used. The backup's page tells why one has not come.",
            },
          ),
        ]
      : []),
    ...(problem === undefined
      ? []
      : [
          say("storage.deletions", "WARNING", `It does not let go of ${formatCount(refused.length, "deleted backup")}: ${problem}`, {
            hint: "It is tried again by itself. Check the rights of the account, and whether the storage forbids deletion for a while.",
          }),
        ]),
    ...(away && unencrypted > 0
      ? [
          say(
            "storage.encryption",
            "WARNING",
            `${formatCount(unencrypted, "backup")} on it ${unencrypted === 1 ? "is" : "are"} not encrypted: whoever gets at it can read ${unencrypted === 1 ? "it" : "them"}.`,
            {
              hint: "Have new backups encrypted, and make a recovery kit before.",
              place: "/settings",
              command: "npx holdfast settings set encryptBackups true",
            },
          ),
        ]
      : []),
    ...(state.shared
      ? [
          say("storage.shared", "NOTE", "Another Holdfast uses it too, or did: its backups are left alone.", {
            hint: "Adopt them by a rebuild, where that Holdfast is gone.",
          }),
        ]
      : []),
  ];
}

function room({ freeBytes, totalBytes }: StorageState, lowPercent: number, say: Say): HealthCheck[] {
  if (freeBytes === null || !totalBytes) return [];
  const percent = (freeBytes / totalBytes) * 100;
  const message = `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} are free`;
  if (percent >= lowPercent) return [say("storage.space", "GOOD", `${message}.`)];
  return [
    say(
      "storage.space",
      "WARNING",
      `${message}, ${percent.toFixed(percent < 10 ? 1 : 0)} %, less than the ${lowPercent} % of the settings.`,
      {
        hint: "Free some space, keep fewer backups, or choose another storage.",
      },
    ),
  ];
}

const everywhere: Subject = { subject: "Storages", subjectId: null, place: "/storages/new" };

/** What burns, is stolen or is encrypted by a stranger is one machine at a time. */
function placeChecks(states: readonly StorageState[]): HealthCheck[] {
  const say = about(everywhere);
  if (states.length === 0) return [say("storage.any", "ERROR", "There is no storage, so no backup can be taken.", { hint: "Add one." })];
  if (states.some(({ kind }) => kind !== "LOCAL")) return [];
  return [
    say("storage.away", "NOTE", "All backups are on this machine: what takes the machine takes them too.", {
      hint: "Add a storage elsewhere: S3 or SFTP. A disk that is mounted from another machine does as well.",
    }),
  ];
}
