import { engineWords } from "../../shared/load-words.ts";
import { type Reading, recordReading } from "../db/backup-reading.ts";
import type { BackupRow } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import type { BackupWork } from "../engine/backup.ts";
import type { Work } from "./running.ts";

/** Follows how a backup reads its source: its page shows it at once, and its row keeps it. */
export function followReading(catalog: Db, { id }: Pick<BackupRow, "id">, { say }: Work) {
  let reading: Reading = {};
  const told: Pick<Required<BackupWork>, "chosen" | "loaded"> = {
    chosen(engine, reason) {
      // The second time, the driver itself has told what became of the first choice.
      if (!reading.engineUsed) say("INFO", `The database is read ${engineWords[engine]}. ${reason}`);
      reading = { ...reading, engineUsed: engine, engineReason: reason };
      // What the catalog cannot take now it takes with `record`.
      recordReading(catalog, id, reading).catch(() => {});
    },
    loaded(load) {
      reading = { ...reading, sourceLoad: load };
    },
  };
  return { ...told, record: () => recordReading(catalog, id, reading) };
}
