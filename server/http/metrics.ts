import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { Router } from "express";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { healthSeverities } from "../../shared/enums.ts";
import type { Actor } from "../domain/access.ts";
import type { Metrics, MetricsService } from "../services/metrics.ts";
import { refusals } from "./refusals.ts";

interface Dependencies {
  readonly metrics: MetricsService;
  readonly actorOfRequest: (headers: IncomingHttpHeaders) => Promise<Actor | null>;
}

/** Who asks from the machine itself. */
const local: Actor = { kind: "cli", name: "metrics", role: "ADMIN" };

/** GET /metrics in the text format of Prometheus: open from the machine itself, elsewhere for whoever may read. */
export function serveMetrics({ metrics, actorOfRequest }: Dependencies): Router {
  const ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  const router = Router();
  router.get("/metrics", async (req, res) => {
    const actor = isLocal(req.socket.remoteAddress, req.headers) ? local : await actorOfRequest(req.headers);
    const text = await Registry.merge([registryOf(await metrics.read(actor)), ofProcess]).metrics();
    res.set({ "content-type": Registry.PROMETHEUS_CONTENT_TYPE, "cache-control": "no-store" }).send(text);
  });
  router.use("/metrics", refusals);
  return router;
}

/** From this machine, past no proxy, and by no name that a stranger could have pointed here. */
export function isLocal(address: string | undefined, headers: IncomingHttpHeaders): boolean {
  const proxied = Object.keys(headers).some(
    (name) => name === "forwarded" || name === "via" || name.startsWith("x-forwarded") || name === "x-real-ip",
  );
  const host = URL.parse(`http://${headers.host ?? ""}`)?.hostname.replace(/^\[|\]$/g, "") ?? "";
  const loopback = address !== undefined && (/^(::ffff:)?127\./.test(address) || address === "::1");
  return loopback && !proxied && (host === "localhost" || isIP(host) !== 0);
}

/** The figures as metrics: seconds and bytes, instants as Unix time, totals as counters. */
function registryOf({ version, health, sources, storages, active, schedules, trouble }: Metrics): Registry {
  const registry = new Registry();
  const gauge = (name: string, help: string, ...labelNames: string[]) => new Gauge({ name, help, labelNames, registers: [registry] });
  const counter = (name: string, help: string, ...labelNames: string[]) => new Counter({ name, help, labelNames, registers: [registry] });
  gauge("holdfast_build_info", "Always 1; the release is a label.", "version").set({ version }, 1);

  const ended = counter("holdfast_backups_total", "Backups that ended, by source and result.", "source", "result");
  const verified = counter("holdfast_verifications_total", "Verifications that ended, by source and result.", "source", "result");
  const success = gauge("holdfast_backup_last_success_timestamp_seconds", "When the newest good backup of the source was begun.", "source");
  const proven = gauge(
    "holdfast_backup_last_proven_timestamp_seconds",
    "When the newest good backup that a drill restored was begun.",
    "source",
  );
  const duration = gauge("holdfast_backup_last_duration_seconds", "How long the last completed backup took.", "source");
  const drill = gauge("holdfast_drill_last_duration_seconds", "How long the last drill that passed took to restore.", "source");
  const passed = gauge("holdfast_drill_last_passed", "Whether the last drill of the source passed.", "source");
  const backups = gauge("holdfast_source_backups", "Completed backups that are kept.", "source");
  const original = gauge("holdfast_source_original_bytes", "What the kept backups hold, before compression.", "source");
  const stored = gauge("holdfast_source_stored_bytes", "What the kept backups take on their storages.", "source");
  const backupTarget = gauge("holdfast_source_backup_target_seconds", "The oldest that the newest good backup may become.", "source");
  const proofTarget = gauge("holdfast_source_proof_target_seconds", "The oldest that the newest proven backup may become.", "source");
  for (const each of sources) {
    const source = { source: each.name };
    for (const status of ["COMPLETED", "FAILED", "CANCELLED"])
      ended.inc({ ...source, result: status.toLowerCase() }, each.results.find((one) => one.status === status)?.count ?? 0);
    verified.inc({ ...source, result: "passed" }, each.verdicts?.passed ?? 0);
    verified.inc({ ...source, result: "failed" }, each.verdicts?.failed ?? 0);
    backups.set(source, each.backups);
    original.set(source, each.originalBytes);
    stored.set(source, each.storedBytes);
    const known = (metric: Gauge, value: number | null | undefined) => value !== null && value !== undefined && metric.set(source, value);
    known(success, unixTime(each.standing?.lastGoodAt));
    known(proven, unixTime(each.standing?.lastProvenAt));
    known(duration, each.standing?.lastSeconds);
    known(drill, each.standing?.drillSeconds);
    known(passed, each.verdicts?.lastDrillPassed == null ? null : Number(each.verdicts.lastDrillPassed));
    known(backupTarget, each.targetBackupSeconds);
    known(proofTarget, each.targetProofSeconds);
  }

  const used = gauge("holdfast_storage_used_bytes", "What backups take on the storage.", "storage");
  const free = gauge("holdfast_storage_free_bytes", "What is free on the storage's disk; absent while it cannot be told.", "storage");
  const size = gauge("holdfast_storage_size_bytes", "The size of the storage's disk.", "storage");
  for (const { name: storage, usedBytes, capacity } of storages) {
    used.set({ storage }, usedBytes);
    if (capacity.free !== null) free.set({ storage }, capacity.free);
    if (capacity.total !== null) size.set({ storage }, capacity.total);
  }

  const operations = gauge("holdfast_operations", "Operations that wait or run, by kind.", "kind", "state");
  for (const kind of ["BACKUP", "RESTORE", "VERIFICATION", "CLEANUP", "COPY"])
    for (const [status, state] of [
      ["QUEUED", "waiting"],
      ["RUNNING", "running"],
    ] as const)
      operations.set({ kind: kind.toLowerCase(), state }, active.find((one) => one.kind === kind && one.status === status)?.count ?? 0);

  const next = gauge(
    "holdfast_schedule_next_run_timestamp_seconds",
    "When the schedule is due next; absent while it is paused.",
    "schedule",
  );
  const on = gauge("holdfast_schedule_active", "Whether the schedule runs, or is paused.", "schedule");
  const missed = gauge("holdfast_schedule_missed_runs_last_day", "Due times of the last 24 hours that nothing came of.", "schedule");
  for (const { name: schedule, active: runs, nextRunAt, missed: count } of schedules) {
    on.set({ schedule }, Number(runs));
    missed.set({ schedule }, count);
    if (runs && nextRunAt) next.set({ schedule }, nextRunAt.getTime() / 1000);
  }

  gauge("holdfast_deliveries_waiting", "Messages that wait to be sent.").set(trouble.waiting);
  const failed = gauge("holdfast_deliveries_failed_last_day", "Messages of the last 24 hours that could not be sent.", "channel");
  for (const { channel, count } of trouble.failed) failed.set({ channel }, count);
  const raised = gauge("holdfast_alerts", "What is wrong now, by event.", "event");
  for (const { event, count } of trouble.raised) raised.set({ event: event.toLowerCase() }, count);
  gauge("holdfast_deletions_refused", "Backups that their storage will not let go of.").set(trouble.refused);
  const checks = gauge("holdfast_health_checks", "What the last look at the whole found; absent before the first.", "severity");
  for (const severity of health ? healthSeverities : [])
    checks.set({ severity: severity.toLowerCase() }, health?.checks.filter((check) => check.severity === severity).length ?? 0);
  return registry;
}

const unixTime = (at: Date | null | undefined): number | null => (at ? at.getTime() / 1000 : null);
