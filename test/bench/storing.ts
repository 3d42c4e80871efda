import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { generateIdentity, identityToRecipient } from "age-encryption";
import type { Seal } from "../../server/engine/backup.ts";
import { encryptAge } from "../../server/engine/codec/age.ts";
import { engine } from "./engine.ts";
import { type Figures, interleave } from "./measure.ts";
import type { Workplace } from "./workplace.ts";

/** What encryption costs, and a second storage. */
export interface StoringTimes {
  readonly plain: Figures;
  readonly encrypted: Figures;
  readonly twice: Figures;
  /** The encrypted backup's wall time to the plain one's, and what it may be. */
  readonly ratio: number;
  readonly goal: number;
  /** The same of a backup to two storages at once, both on one disk. */
  readonly twiceRatio: number;
  readonly twiceGoal: number;
  /** Of the format alone, for each second of processor time. */
  readonly bytesPerCpuSecond: number;
  readonly codecGoal: number;
}

/** Takes the same backup in turn as it is, encrypted to two recipients, and to two storages, by the engine alone. */
export async function storingTimes(
  place: Workplace,
  rounds: number,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<StoringTimes> {
  const recipients = await Promise.all([1, 2].map(async () => identityToRecipient(await generateIdentity())));
  const seal: Seal = {
    encryption: { format: "age-encryption.org/v1", keyId: "bench", recipients },
    mac: { keyId: "bench", key: Buffer.alloc(32) },
  };
  const contenders = [await engine(place), await engine(place, { seal }), await engine(place, { storages: 2 })];
  const [plain, encrypted, twice] = await interleave(contenders, rounds, signal, say);
  if (!plain || !encrypted || !twice) throw new Error("Nothing was measured");
  const bytesPerCpuSecond = await codecSpeed(recipients, signal);
  return {
    ...{ plain, encrypted, ratio: encrypted.median / plain.median, goal: 1.1 },
    ...{ twice, twiceRatio: twice.median / plain.median, twiceGoal: 1.2 },
    ...{ bytesPerCpuSecond, codecGoal: 400_000_000 },
  };
}

/** Processor time, since others may want the processors too. */
async function codecSpeed(recipients: readonly string[], signal: AbortSignal): Promise<number> {
  const [piece, count] = [Buffer.alloc(128 * 1024, "holdfast"), 8000];
  const source = function* () {
    for (let at = 0; at < count; at += 1) yield piece;
  };
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const before = process.cpuUsage();
  await pipeline(Readable.from(source()), encryptAge(recipients), nowhere, { signal });
  const { user, system } = process.cpuUsage(before);
  return (piece.length * count) / ((user + system) / 1_000_000);
}
