import type { BinlogPosition } from "../../domain/manifest.ts";
import type { ReadingThreads } from "./parallel-threads.ts";

/** Where the binary log was at the snapshot, which the server knows of each transaction. */
export async function binlogPosition(threads: ReadingThreads): Promise<BinlogPosition | null> {
  const status = new Map(
    (await threads.rows("SHOW STATUS LIKE 'binlog_snapshot_%'")).map(([name = "", value = ""]) => [name.toLowerCase(), value]),
  );
  const [file, position] = [status.get("binlog_snapshot_file"), Number(status.get("binlog_snapshot_position"))];
  if (!file || !Number.isSafeInteger(position)) return null;
  const [[gtid = ""] = []] = await threads.rows(`SELECT BINLOG_GTID_POS('${file.replace(/['\\]/g, "\\$&")}', ${position})`);
  return { file, position, gtid: gtid || null };
}

/** The same as a comment in the dump. */
export const binlogComment = ({ file, position, gtid }: BinlogPosition) =>
  [
    "--\n-- Position to start replication or point-in-time recovery from\n--\n",
    `-- CHANGE MASTER TO MASTER_LOG_FILE='${file}', MASTER_LOG_POS=${position};`,
    ...(gtid ? [`-- SET GLOBAL gtid_slave_pos='${gtid}';`] : []),
    "\n",
  ].join("\n");
