import type { Command } from "commander";
import { backupTypes, restoreModes, scheduleKinds, verificationLevels } from "../../../shared/enums.ts";
import { limits, retentionLimits } from "../../../shared/limits.ts";
import type { ScheduledOptions } from "../actions/scheduled.ts";
import type { ScheduleOptions } from "../actions/schedules.ts";
import { choice, engine, examples, json, mediaMode, repeated, wholeNumber } from "../options.ts";
import type { CommonOptions, InSession } from "../session.ts";

const actions = () => import("../actions/schedules.ts");
const id = "0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a";

/** run-scheduled-backups and the management of schedules. */
export function scheduleCommands(program: Command, inSession: InSession): void {
  program
    .command("run-scheduled-backups")
    .description("run what is due now, one after another, and wait for it; for a crontab. Beside a running server nothing is run twice")
    .option("--force", "whether due or not: the schedule of --schedule-id, or every active one")
    .option("--schedule-id <id>", "only this schedule")
    .option("--dry-run", "say what would be run, and touch nothing")
    .option("--yes", "with --force: do not ask")
    .addOption(json())
    .addHelpText(
      "after",
      examples("run-scheduled-backups", "run-scheduled-backups --dry-run", `run-scheduled-backups --force --schedule-id ${id}`),
    )
    .action((options: ScheduledOptions & CommonOptions) =>
      inSession(options, async (session) => (await import("../actions/scheduled.ts")).runScheduled(session, options)),
    );

  program
    .command("list-schedules")
    .description("list schedules: when each is due, when it last ran, and how it fares")
    .addOption(json())
    .addHelpText("after", examples("list-schedules", "list-schedules --json"))
    .action((options: CommonOptions) => inSession(options, async (session) => (await actions()).list(session)));

  program
    .command("show-schedule")
    .description("show one schedule with its next and its last runs")
    .argument("<id>", "the schedule's id")
    .addOption(json())
    .addHelpText("after", examples(`show-schedule ${id}`))
    .action((given: string, options: CommonOptions) => inSession(options, async (session) => (await actions()).show(session, given)));

  createScheduleCommand(program, inSession);

  for (const [name, active, does] of [
    ["pause-schedule", false, "let a schedule rest"],
    ["resume-schedule", true, "let a paused schedule go on; what passed meanwhile is not missed"],
  ] as const)
    program
      .command(name)
      .description(does)
      .argument("<id>", "the schedule's id")
      .addOption(json())
      .addHelpText("after", examples(`${name} ${id}`))
      .action((given: string, options: CommonOptions) =>
        inSession(options, async (session) => (await actions()).toggle(session, given, active)),
      );

  program
    .command("delete-schedule")
    .description("delete a schedule; its backups stay; asks first")
    .argument("<id>", "the schedule's id")
    .option("--yes", "do not ask")
    .addOption(json())
    .addHelpText("after", examples(`delete-schedule ${id} --yes`))
    .action((given: string, options: { yes?: boolean } & CommonOptions) =>
      inSession(options, async (session) => (await actions()).remove(session, given, options)),
    );
}

function createScheduleCommand(program: Command, inSession: InSession): void {
  program
    .command("create-schedule")
    .description("make a schedule: daily with --at alone, else weekly, monthly or by a cron expression")
    .requiredOption("--name <text>", "what it is called")
    .option("--at <HH:MM>", "the time of day")
    .option("--weekday <n>", "0 Sunday to 6 Saturday: weekly", wholeNumber(0, 6))
    .option("--day-of-month <n>", "1 to 31, in a shorter month its last day: monthly", wholeNumber(1, 31))
    .option("--cron <expression>", "five fields, instead of the three above")
    .option("--time-zone <name>", "such as Europe/Berlin; that of the settings when left out")
    .addOption(choice("--kind <kind>", "what it does", scheduleKinds).default("backup"))
    .addOption(choice("--type <type>", "what to back up, restore or verify; all that the source holds when left out", backupTypes))
    .option("--source <id>", "the source; may be left out when there is one")
    .option("--storage <storage>", "a storage by id or name; may be given several times; the default one when left out", repeated)
    .addOption(engine("backup: how to read the database; as the source says when left out"))
    .addOption(mediaMode("backup: how to keep the media; as the source says when left out"))
    .option("--encrypt", "encrypt each backup; as the settings say when neither this nor --no-encrypt is given")
    .option("--no-encrypt", "encrypt none")
    .option("--target <source-id>", "restore: the source to restore into")
    .addOption(choice("--mode <mode>", "restore: how", restoreModes))
    .addOption(choice("--level <level>", "verification: how", verificationLevels))
    .addOption(choice("--verify-after <level>", "backup: verify each one", verificationLevels))
    .option("--days <n>", "keep its backups this many days", wholeNumber(retentionLimits.days.min, retentionLimits.days.max))
    .option("--keep-last <n>", "keep the newest ones", wholeNumber(retentionLimits.count.min, retentionLimits.count.max))
    .option("--keep-daily <n>", "keep one of each of the last days", wholeNumber(retentionLimits.count.min, retentionLimits.count.max))
    .option("--keep-weekly <n>", "keep one of each of the last weeks", wholeNumber(retentionLimits.count.min, retentionLimits.count.max))
    .option("--keep-monthly <n>", "keep one of each of the last months", wholeNumber(retentionLimits.count.min, retentionLimits.count.max))
    .option("--keep-yearly <n>", "keep one of each of the last years", wholeNumber(retentionLimits.count.min, retentionLimits.count.max))
    .addOption(choice("--missed <policy>", "what becomes of times that passed while nothing ran", ["run-once", "skip"]).default("run-once"))
    .option("--grace <minutes>", "a missed time is caught up with only that long", wholeNumber(0, limits.graceMinutes))
    .addOption(choice("--overlap <policy>", "when the last run has not ended", ["wait", "skip"]).default("wait"))
    .option("--jitter <seconds>", "begin up to that much later, each time otherwise", wholeNumber(0, limits.jitterSeconds))
    .option("--quiet <from-to>", "begin nothing in these hours, such as 08:00-18:00")
    .option("--retries <n>", "tries after a failure that may pass", wholeNumber(0, limits.retries))
    .option("--paused", "make it, and let it rest")
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "create-schedule --name Nightly --at 03:00 --keep-daily 7 --keep-weekly 4",
        "create-schedule --name Drill --kind verification --level restore --at 05:00 --weekday 0",
        'create-schedule --name Often --cron "*/30 8-18 * * 1-5" --time-zone Europe/Berlin',
      ),
    )
    .action((options: ScheduleOptions & CommonOptions) =>
      inSession(options, async (session) => (await actions()).create(session, options)),
    );
}
