import { isDeepStrictEqual } from "node:util";
import { formatBytes, formatCount, formatDuration } from "../../shared/format.ts";
import type { Connection } from "../domain/connection.ts";
import { Failure } from "../domain/errors.ts";
import type { Manifest, Part } from "../domain/manifest.ts";
import { manifestName } from "../domain/naming.ts";
import { noLimits, type SourceLimits } from "../domain/source-load.ts";
import type { TableCheck, VerificationReport } from "../domain/verification.ts";
import { filesOfBackup, ownFilesOf } from "./backup-files.ts";
import type { Content } from "./content.ts";
import { labelsVersionOf } from "./labels.ts";
import { parseManifest, readManifest } from "./manifest.ts";
import { compareArchive } from "./media/compare.ts";
import { checkPacks } from "./media/incremental/check.ts";
import type { ClientTools, Running } from "./part.ts";
import { contentOf, type StoredBackup } from "./stored-content.ts";
import { drillDatabase } from "./verify-database.ts";
import { checkDump } from "./verify-dump.ts";
import { Findings } from "./verify-findings.ts";
import { Steps, type VerifyWork } from "./verify-steps.ts";

/** A database server of its own for one drill, empty, with an account that may do everything. `await using` it: then it is gone. */
export interface ScratchServer extends AsyncDisposable {
  readonly connection: Connection;
}

/** Starts one that can hold `bytes` of data. Aborting `signal` ends it. */
export type OpenScratchServer = (bytes: number, running: Running) => Promise<ScratchServer>;

/** The manifest is the catalog's; the storage's own copy is compared with it. */
export interface VerifyPlan extends StoredBackup {
  /** What a drill may take of this machine; no limits when left out. */
  readonly limits?: SourceLimits;
  readonly now: () => Date;
}

/** With what a drill restores. */
export interface DrillMeans {
  readonly openScratchServer: OpenScratchServer;
  /** Asked for only where there is a database to restore. */
  readonly tools: () => Promise<ClientTools>;
}

/**
 * Reads every stored byte: hashed, decompressed to its end, the dump's statements and the archive's entries counted.
 * Resolves also when the backup is bad, which the report then says; rejects when that could not be found out.
 */
export async function verifyChecksum(plan: VerifyPlan, work: VerifyWork): Promise<VerificationReport> {
  const { manifest } = plan;
  const findings = findingsOf(work);
  const steps = new Steps(work, sizeOf(manifest, "database") + sizeOf(manifest, "media"));
  const content = await openContent(plan, findings);
  if (content?.database) {
    const { database } = content;
    const observe = steps.begin("VERIFYING", sizeOf(manifest, "database"));
    findings.add(...((await findings.look(() => checkDump(database, work.signal, observe))) ?? []));
  }
  if (content?.media) {
    const { media } = content;
    const observe = steps.begin("VERIFYING", sizeOf(manifest, "media"));
    await findings.look(async () =>
      findings.add(
        ...(manifest.media?.packs
          ? await checkPacks(plan, work.signal, observe)
          : (await compareArchive(media, work.signal, observe)).problems),
      ),
    );
  }
  return conclude(plan, findings, steps, work, { tables: [], filesChecked: null, restoreSeconds: null });
}

/**
 * The drill: restores the database into a server of its own and compares it table by table with what the backup says it
 * holds, and compares every file of the media with the index. Every stored byte is proved on the way. Settles as
 * `verifyChecksum` does.
 */
export async function drill(plan: VerifyPlan, means: DrillMeans, work: VerifyWork): Promise<VerificationReport> {
  const { manifest, now } = plan;
  const findings = findingsOf(work);
  // The dump is written once, and its tables are read again to be compared.
  const steps = new Steps(work, 2 * sizeOf(manifest, "database") + sizeOf(manifest, "media"));
  const content = await openContent(plan, findings);
  let tables: readonly TableCheck[] = [];
  let filesChecked: number | null = null;
  let milliseconds = 0;
  if (content?.database) {
    const { database } = content;
    const tools = await means.tools();
    work.say("INFO", "Starting a throw-away database server.");
    await using server = await means.openScratchServer(database.summary.dataBytes, work);
    const began = now();
    const request = { content: database, connection: server.connection, tools, limits: plan.limits ?? noLimits, steps, work, findings };
    tables = (await findings.look(() => drillDatabase(request))) ?? [];
    milliseconds += now().getTime() - began.getTime();
  }
  if (content?.media) {
    const { media } = content;
    const began = now();
    const observe = steps.begin("MEDIA", sizeOf(manifest, "media"));
    const compared = await findings.look(() => compareArchive(media, work.signal, observe));
    findings.add(...(compared?.problems ?? []));
    filesChecked = compared?.filesChecked ?? 0;
    milliseconds += now().getTime() - began.getTime();
  }
  const restoreSeconds = findings.all.length > 0 ? null : milliseconds / 1000;
  return conclude(plan, findings, steps, work, { tables, filesChecked, restoreSeconds });
}

/** Null where the manifest does not even name what it tells of. */
async function openContent(plan: VerifyPlan, findings: Findings): Promise<Content | null> {
  const { storage, manifest } = plan.stored ?? plan;
  await findings.look(() => checkManifest({ storage, folder: plan.folder, manifest }));
  const content = await findings.look(async () => contentOf(plan));
  if (content) findings.add(...(await extraFiles({ storage, folder: plan.folder, manifest })));
  return content;
}

const findingsOf = (work: VerifyWork) => new Findings((problem) => work.say("ERROR", problem));

const sizeOf = (manifest: Manifest, part: Part) => manifest.artifacts.find((artifact) => artifact.part === part)?.size ?? 0;

/** The storage alone has to be enough, so its own record must say what the catalog says. ARTIFACT_CORRUPT names what differs. */
async function checkManifest({ storage, folder, manifest }: StoredBackup): Promise<void> {
  const stored = await readManifest(storage, folder);
  // Brought to the same form: the catalog's may be of a Holdfast that did not know all fields yet.
  const known = parseManifest(JSON.stringify(manifest), folder);
  for (const [field, value] of Object.entries(known))
    if (!isDeepStrictEqual(value, stored[field as keyof Manifest]))
      throw new Failure(
        "ARTIFACT_CORRUPT",
        `${manifestName} is not what was written: its field ${field} differs from the catalog's record.`,
        "Somebody changed it on the storage.",
      );
}

/** What lies in the folder and is not of this backup, as sentences. */
async function extraFiles({ storage, folder, manifest }: StoredBackup): Promise<string[]> {
  const known = new Set([`${folder}/${manifestName}`, ...ownFilesOf(manifest, folder).map(({ name }) => name)]);
  const extra: string[] = [];
  for await (const { name } of storage.list(`${folder}/`)) {
    const own = name.slice(folder.length + 1);
    if (!known.has(name) && labelsVersionOf(own) === null)
      extra.push(`${own} is not of this backup: its manifest does not name it. Find out who put it there.`);
  }
  return extra;
}

function conclude(
  plan: VerifyPlan,
  findings: Findings,
  steps: Steps,
  work: VerifyWork,
  found: Pick<VerificationReport, "tables" | "filesChecked" | "restoreSeconds">,
): VerificationReport {
  steps.begin("FINISHING", 0)({ bytes: 0, item: null });
  const passed = findings.all.length === 0;
  const bytesChecked = filesOfBackup((plan.stored ?? plan).manifest, plan.folder).reduce((sum, { storedSize }) => sum + storedSize, 0);
  if (passed) work.say("INFO", summary(found, bytesChecked));
  return { passed, problems: findings.all, bytesChecked, ...found };
}

function summary(
  { tables, filesChecked, restoreSeconds }: Pick<VerificationReport, "tables" | "filesChecked" | "restoreSeconds">,
  bytes: number,
) {
  if (restoreSeconds === null) return `Passed: ${formatBytes(bytes)} read, all as stored.`;
  const rows = tables.reduce((sum, { restoredRows }) => sum + restoredRows, 0);
  const parts = [
    tables.length > 0 ? `${formatCount(tables.length, "table")} with ${formatCount(rows, "row")}` : null,
    filesChecked ? formatCount(filesChecked, "file") : null,
  ].filter((part) => part !== null);
  return `Passed: ${parts.join(" and ") || "an empty backup"} restored and compared in ${formatDuration(restoreSeconds)}.`;
}
