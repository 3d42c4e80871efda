import type { Activity } from "./activity.ts";
import type { Alerts } from "./alerts.ts";
import type { AuditTrail } from "./audit.ts";
import type { BackupFiles } from "./backup-files.ts";
import type { Backups } from "./backups.ts";
import type { Channels } from "./channels.ts";
import type { Cleanups } from "./cleanups.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Downloads } from "./downloads.ts";
import type { Operations } from "./operations.ts";
import type { RestorePlans } from "./restore-plans.ts";
import type { Restores } from "./restores.ts";
import type { ScheduleRuns } from "./schedule-runs.ts";
import type { Schedules } from "./schedules.ts";
import type { createSettings } from "./settings.ts";
import type { Sources } from "./sources.ts";
import type { Storages } from "./storages.ts";
import type { createSystem } from "./system.ts";
import type { createTokens } from "./tokens.ts";
import type { Uploads } from "./uploads.ts";
import type { createUsers } from "./users.ts";
import type { Verifications } from "./verifications.ts";

/** Every use case, as app.ts wires them. */
export interface Services {
  readonly activity: Activity;
  readonly audit: AuditTrail;
  readonly operations: Operations;
  readonly backups: Backups;
  readonly backupFiles: BackupFiles;
  readonly restores: Restores;
  readonly restorePlans: RestorePlans;
  readonly verifications: Verifications;
  readonly cleanups: Cleanups;
  readonly scheduleRuns: ScheduleRuns;
  readonly downloads: Downloads;
  readonly channels: Channels;
  readonly deliveries: Deliveries;
  readonly alerts: Alerts;
  readonly uploads: Uploads;
  readonly sources: Sources;
  readonly storages: Storages;
  readonly schedules: Schedules;
  readonly settings: ReturnType<typeof createSettings>;
  readonly tokens: ReturnType<typeof createTokens>;
  readonly users: ReturnType<typeof createUsers>;
  readonly system: ReturnType<typeof createSystem>;
}
