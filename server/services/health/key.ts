import { stat } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { formatCount } from "../../../shared/format.ts";
import type { HealthCheck } from "../../domain/health.ts";
import { errnoOf } from "../../engine/storage/disk.ts";
import { about, type HealthGroup, type Look } from "./look.ts";

/** What is known of the recovery kit of the present key. */
export interface KitState {
  /** When it was made last; null: never. */
  readonly madeAt: Date | null;
  /** Whether anything is encrypted, so that without the key nothing of it can be read. */
  readonly needed: boolean;
}

interface Dependencies {
  readonly keyFile: string;
  readonly kit: () => Promise<KitState>;
  /** Keys that backups name and that the key file does not hold. */
  readonly lost: () => Promise<readonly { readonly keyId: string; readonly backups: number }[]>;
  /** The folders of all local storages, and whether there is a storage elsewhere. */
  readonly places: () => Promise<{ readonly folders: readonly string[]; readonly away: boolean }>;
}

const subject = { subject: "Key file", subjectId: null, place: "/settings" };

/** The key that opens passwords and encrypted backups. */
export const keyHealth = (dependencies: Dependencies): HealthGroup => ({
  name: "key",
  looks: async () => [
    keyFileLook(dependencies.keyFile),
    { check: "key.missing", ...subject, look: () => lostChecks(dependencies.lost) },
    { check: "key.kit", ...subject, look: () => kitChecks(dependencies.kit) },
    { check: "key.place", ...subject, look: () => placeChecks(dependencies) },
  ],
});

/** Whether the key file is there, and for nobody else. */
export const keyFileLook = (keyFile: string): Look => ({ check: "key.file", ...subject, look: () => fileChecks(keyFile) });

const say = about(subject);
const kitHint = "Make it under Settings, print it, and keep it away from this machine.";

async function fileChecks(keyFile: string): Promise<HealthCheck[]> {
  try {
    const { mode } = await stat(keyFile);
    if ((mode & 0o077) === 0) return [say("key.file", "GOOD", `${keyFile} can be read by this account alone.`)];
    return [
      say("key.file", "WARNING", `${keyFile} can be read by other accounts of this machine (mode ${(mode & 0o777).toString(8)}).`, {
        hint: "It opens every stored password and encrypted backup.",
        command: `chmod 600 ${quoted(keyFile)}`,
      }),
    ];
  } catch (error) {
    const why = errnoOf(error) === "ENOENT" ? "is gone" : `cannot be read (${errnoOf(error) ?? "unknown"})`;
    return [
      say("key.file", "ERROR", `${keyFile} ${why}: what runs now still has the key, the next start will not.`, {
        hint: "Put it back from your copy before Holdfast is started again.",
      }),
    ];
  }
}

async function lostChecks(lost: Dependencies["lost"]): Promise<HealthCheck[]> {
  return (await lost()).map(({ keyId, backups }) => ({
    ...say(
      "key.missing",
      "ERROR",
      `${formatCount(backups, "encrypted backup")} cannot be opened: the key ${keyId} is not in the key file.`,
      {
        hint: "Add that key to the key file: the recovery kit that was made of it holds it.",
      },
    ),
    subjectId: keyId,
  }));
}

async function kitChecks(kit: Dependencies["kit"]): Promise<HealthCheck[]> {
  const { madeAt, needed } = await kit();
  if (madeAt) return [say("key.kit", "GOOD", `Its recovery kit was made on ${madeAt.toISOString().slice(0, 10)}.`)];
  const command = "npx holdfast recovery-kit";
  if (needed)
    return [
      say("key.kit", "WARNING", "No recovery kit was made for this key: if this machine is lost, nobody can open the encrypted backups.", {
        hint: kitHint,
        command,
      }),
    ];
  return [
    say("key.kit", "NOTE", "No recovery kit was made for this key. Stored passwords are lost with it, and so would be encrypted backups.", {
      hint: kitHint,
      command,
    }),
  ];
}

async function placeChecks({ keyFile, places }: Dependencies): Promise<HealthCheck[]> {
  const { folders, away } = await places();
  if (away || folders.length === 0) return [];
  const inside = folders.find((folder) => `${dirname(keyFile)}${sep}`.startsWith(`${folder}${sep}`));
  if (inside !== undefined)
    return [
      say("key.place", "WARNING", `${keyFile} lies in the storage ${inside}: who takes the backups takes the key.`, {
        hint: "Move it out of there, and name its place in HOLDFAST_KEY_FILE.",
      }),
    ];
  const own = await deviceOf(keyFile);
  const others = await Promise.all(folders.map(deviceOf));
  if (own === null || others.some((device) => device !== own)) return [];
  return [
    say(
      "key.place",
      "NOTE",
      "The key file and all backups lie on one disk: whoever takes the disk has both, and when it breaks both are gone.",
      {
        hint: "Keep backups on another disk or machine as well, and a recovery kit elsewhere.",
        place: "/storages/new",
      },
    ),
  ];
}

const deviceOf = (path: string): Promise<number | null> =>
  stat(path).then(
    ({ dev }) => dev,
    () => null,
  );

/** As one word of a shell. */
const quoted = (path: string) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);
