import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import mysql from "mysql2/promise";
import { type Ask, apiClient } from "./api.ts";
import { newToken, startHoldfast } from "./process.ts";

/** How fast one question was answered, in milliseconds. */
export interface Answer {
  readonly name: string;
  readonly p50: number;
  readonly p95: number;
}
export interface CatalogTimes {
  readonly backups: number;
  /** What each question may take at p95, in milliseconds; those that begin with "(" are only stated. */
  readonly goal: number;
  readonly answers: readonly Answer[];
}

const backups = 100_000;
const [sources, storages] = [20, 3];
const pageSize = 50;
const asked = 60;

/** Times statistics and lists of the real server's API on a catalog of 100,000 backups. */
export async function catalogTimes(signal: AbortSignal, say: (line: string) => void): Promise<CatalogTimes> {
  const home = await mkdtemp(join(tmpdir(), "holdfast-bench-catalog-"));
  try {
    await using server = await startHoldfast(home, [process.execPath, "dist/server/main.js"], signal);
    say(`Filling a catalog with ${backups.toLocaleString("en-US")} backups.`);
    await fill(join(home, "mariadb"));
    const token = await newToken(home);
    const ask = apiClient(server.url, token, signal);
    const answers: Answer[] = [];
    for (const [name, question] of await questions(ask)) {
      const times: number[] = [];
      // The first one warms up what a server that has run for a while has warm.
      for (let round = 0; round <= asked; round += 1) {
        const begun = performance.now();
        await question();
        if (round > 0) times.push(performance.now() - begun);
      }
      times.sort((a, b) => a - b);
      const at = (part: number) => times[Math.ceil(times.length * part) - 1] ?? Number.NaN;
      answers.push({ name, p50: at(0.5), p95: at(0.95) });
      say(`${name}: p50 ${at(0.5).toFixed(1)} ms, p95 ${at(0.95).toFixed(1)} ms`);
    }
    return { backups, goal: 50, answers };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

const nodes =
  "nodes { id name status type trigger createdAt durationSeconds size storedSize pinned source { name } storage { name } } totalCount pageInfo { endCursor hasNextPage }";
const list = `query ($filter: BackupFilter, $after: String) { backups(filter: $filter, first: ${pageSize}, after: $after) { ${nodes} } }`;
const statistics = `query ($days: Int) { statistics(days: $days) {
  totalBackups completedBackups failedBackups successRate storedBytes averageDurationSeconds lastBackupAt compressionRatio bytesPerSecond
  byDay { day completed failed cancelled storedBytes totalBytes averageDurationSeconds }
  bySource { source { name } storedBytes backupCount successRate backupAgeSeconds proofAgeSeconds backupInTarget measuredRestoreSeconds }
  byStorage { storage { name } storedBytes growthPerDay fullAt } verificationsPassed verificationsFailed } }`;

/** What is asked, by name. */
async function questions(ask: Ask): Promise<readonly (readonly [string, () => Promise<unknown>])[]> {
  const { sources: known } = await ask<{ sources: { id: string }[] }>("{ sources { id } }", {});
  const page =
    (filter: object, after: string | null = null) =>
    () =>
      ask(list, { filter, after });
  const pin = async (pinned: boolean) => {
    const { backups: first } = await ask<Pages>(list, {});
    await ask("mutation ($id: ID!, $pinned: Boolean!) { pinBackup(id: $id, pinned: $pinned) { id } }", { id: first.nodes[0]?.id, pinned });
  };
  const deep = await cursorOf(ask, 2_000);
  return [
    ["statistics of 30 days", () => ask(statistics, { days: 30 })],
    ["list, page 1", page({})],
    ["list, page 2,000", page({}, deep)],
    ["failed ones, page 1", page({ status: ["FAILED"] })],
    ["of one source, page 1", page({ sourceId: known[3]?.id })],
    ["pinned ones of a type", page({ pinned: true, type: ["DATABASE"] })],
    ["(pinning a backup, then) list, page 1", () => pin(true).then(page({}))],
    ["(unpinning it, then) statistics of 30 days", () => pin(false).then(() => ask(statistics, { days: 30 }))],
    ["(all of three years) statistics of 1,100 days", () => ask(statistics, { days: 1_100 })],
    ["(search) a part of a name, page 1", page({ search: "day 77" })],
    ["(search) what no name holds", page({ search: "nowhere" })],
  ];
}

interface Pages {
  readonly backups: {
    readonly nodes: readonly { readonly id: string; readonly createdAt: string }[];
    readonly pageInfo: { readonly endCursor: string };
  };
}

/** The cursor before the page of this number, reached by large steps. */
async function cursorOf(ask: Ask, page: number): Promise<string> {
  let cursor: string | null = null;
  const steps =
    "query ($after: String, $first: Int) { backups(first: $first, after: $after) { nodes { id createdAt } pageInfo { endCursor } } }";
  for (let left = (page - 1) * pageSize; left > 0; left -= 200) {
    const { backups: found }: Pages = await ask<Pages>(steps, { after: cursor, first: Math.min(left, 200) });
    cursor = found.pageInfo.endCursor;
  }
  return cursor ?? "";
}

/** Three years of backups in a few statements; every tenth is drilled, every seventeenth failed. */
async function fill(folder: string): Promise<void> {
  const { username: user } = userInfo();
  const sql = await mysql.createConnection({
    socketPath: join(folder, "mariadb.sock"),
    user,
    database: "holdfast",
    multipleStatements: true,
  });
  const id = (group: number, number: string) => `concat('00000000-0000-4000-800${group}-', lpad(${number}, 12, '0'))`;
  await sql.query(`
    insert into storages (id, name, kind, config, is_default, created_at)
      select ${id(0, "seq")}, concat('Storage ', seq), 'LOCAL', '{"directory":"/tmp"}', 0, utc_timestamp(3) from seq_1_to_${storages};
    insert into sources (id, name, slug, media_paths, exclude_patterns, created_at)
      select ${id(1, "seq")}, concat('Source ', seq), concat('source-', seq), '["/tmp"]', '[]', utc_timestamp(3) from seq_1_to_${sources};
    set @begin = utc_timestamp(3) - interval 3 year;
    insert into backups (id, name, description, type, \`trigger\`, actor, source_id, storage_id, compression, compression_level, exclude_logs,
        folder, artifacts, size, stored_size, warnings, status, created_at, started_at, finished_at, percent, error_code, error_message)
      select concat(lpad(hex(seq), 8, '0'), '-0000-4000-8002-000000000000'), concat('Source ', 1 + mod(seq, ${sources}), ', day ', seq div 91),
        if(mod(seq, 10) = 0, 'before the release', null), elt(1 + mod(seq, 3), 'DATABASE', 'MEDIA', 'FULL'), 'SCHEDULE', 'schedule Nightly',
        ${id(1, `1 + mod(seq, ${sources})`)}, ${id(0, `1 + mod(seq div ${sources}, ${storages})`)}, 'ZSTD', 3, 1, concat('source/', seq),
        concat('[{"name":"database.sql.zst","part":"database","size":', 10 * seq, ',"storedSize":', seq, ',"sha256":"', sha2(seq, 256), '"}]'),
        if(mod(seq, 17) = 0, null, 1000000 + 10 * seq), if(mod(seq, 17) = 0, null, 200000 + seq), '[]',
        if(mod(seq, 17) = 0, 'FAILED', if(mod(seq, 101) = 0, 'CANCELLED', 'COMPLETED')), @begin + interval 946 * seq second,
        @begin + interval 946 * seq + 1 second, @begin + interval 946 * seq + 30 + mod(seq, 60) second, 100,
        if(mod(seq, 17) = 0, 'SOURCE_UNAVAILABLE', null), if(mod(seq, 17) = 0, 'The server does not answer.', null)
      from seq_1_to_${backups};
    insert into verifications (id, backup_id, level, actor, passed, restore_seconds, status, created_at, started_at, finished_at)
      select uuid(), id, 'RESTORE', 'schedule Drill', 1, 12.5, 'COMPLETED', finished_at, finished_at, finished_at + interval 1 minute
      from backups where status = 'COMPLETED' and mod(stored_size, 10) = 0;
    analyze table backups, verifications;`);
  await sql.end();
}
