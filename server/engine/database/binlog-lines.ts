import type { BinlogPosition } from "../../domain/manifest.ts";
import type { ClientTools } from "../part.ts";
import { type Session, select } from "./client.ts";

const place =
  /(?<![^\n])-- CHANGE (?:MASTER|REPLICATION SOURCE) TO (?:MASTER|SOURCE)_LOG_FILE='(?<file>[^'\n]+)', (?:MASTER|SOURCE)_LOG_POS=(?<position>\d+);/;
const gtidLine = /(?<![^\n])-- SET GLOBAL gtid_slave_pos='(?<gtid>[^'\n]*)';/;

/** Finds in the dump program's comments where the binary log was when the dump's snapshot was taken. */
export class BinlogLines {
  #file: string | null = null;
  #position = 0;
  #gtid: string | null = null;

  /** `lead`: the comments in front of a statement. */
  read(lead: string): void {
    const found = place.exec(lead)?.groups;
    if (found?.file && this.#file === null) {
      this.#file = found.file;
      this.#position = Number(found.position);
    }
    this.#gtid = gtidLine.exec(lead)?.groups?.gtid || this.#gtid;
  }

  get position(): BinlogPosition | null {
    return this.#file === null ? null : { file: this.#file, position: this.#position, gtid: this.#gtid };
  }
}

/**
 * The dump program's option that makes it tell the place in the binary log, where that takes no lock: a MariaDB server
 * knows the place of a transaction's own snapshot, for every account. Elsewhere, all tables would be locked for a
 * moment, and none is asked for.
 */
export async function binlogOptions(session: Session, { flavour }: ClientTools): Promise<string[]> {
  if (flavour !== "mariadb") return [];
  const [row] = await select<{ Value?: string }>(session, "SHOW STATUS LIKE 'binlog_snapshot_file'").catch(() => []);
  return row?.Value ? ["--master-data=2"] : [];
}
