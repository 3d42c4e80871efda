import type { Command } from "commander";
import type { ConfigurationOptions } from "../actions/configuration.ts";
import { examples, json, wholeNumber } from "../options.ts";
import type { CommonOptions, InSession } from "../session.ts";

const actions = () => import("../actions/settings.ts");
const configuration = () => import("../actions/configuration.ts");

/** settings, statistics, export-configuration, import-configuration and test-notification. */
export function settingCommands(program: Command, inSession: InSession): void {
  program
    .command("settings")
    .description(
      "show the settings and where each value comes from; `settings set NAME VALUE` changes one, `settings reset NAME` gives it back",
    )
    .argument("[action]", "set or reset")
    .argument("[name]", "a setting's name")
    .argument("[value]", "its value; - reads it from standard input")
    .addOption(json())
    .addHelpText(
      "after",
      examples("settings", "settings set retentionDays 60", "settings set keepWeekly 8", "settings reset retentionDays"),
    )
    .action(function (
      this: Command,
      action: string | undefined,
      name: string | undefined,
      value: string | undefined,
      options: CommonOptions,
    ) {
      if (action !== undefined && !["set", "reset"].includes(action)) this.error(`error: settings knows set and reset, not '${action}'`);
      if ((action !== undefined && name === undefined) || (action === "set") !== (value !== undefined))
        this.error("error: it is `settings set NAME VALUE`, `settings reset NAME`, or `settings` alone");
      return inSession(options, async (session) => {
        const { show, set, reset } = await actions();
        if (name === undefined) return show(session);
        return value === undefined ? reset(session, [name]) : set(session, name, value);
      });
    });

  program
    .command("statistics")
    .description("show how the backups fare: totals, ages, time to restore, and when a storage will be full")
    .option("--days <n>", "of the last days", wholeNumber(1, 3650), 30)
    .addOption(json())
    .addHelpText("after", examples("statistics --days 90", "statistics --json"))
    .action((options: { days: number } & CommonOptions) =>
      inSession(options, async (session) => (await import("../actions/statistics.ts")).statistics(session, options.days)),
    );

  program
    .command("export-configuration")
    .description("print everything but history: without secrets, or with a passphrase with them, encrypted")
    .option("--passphrase-file <file>", "its first line encrypts the secrets")
    .option("--output <file>", "write it there, for your eyes only")
    .addOption(json())
    .addHelpText(
      "after",
      examples("export-configuration > holdfast.json", "export-configuration --passphrase-file secret.txt --output holdfast.json"),
    )
    .action((options: ConfigurationOptions & CommonOptions) =>
      inSession(options, async (session) => (await configuration()).exportAll(session, options)),
    );

  program
    .command("import-configuration")
    .description("take over what export-configuration gave")
    .argument("<file>", "the file")
    .option("--passphrase-file <file>", "its first line decrypts the secrets")
    .option("--dry-run", "say what would change, and touch nothing")
    .addOption(json())
    .addHelpText("after", examples("import-configuration holdfast.json --dry-run"))
    .action((file: string, options: ConfigurationOptions & CommonOptions) =>
      inSession(options, async (session) => (await configuration()).importAll(session, file, options)),
    );

  program
    .command("test-notification")
    .description("send a test and say what came of it; exit status 1 when it did not arrive")
    .argument("[channel]", "a channel's id or name")
    .option("--email", "by mail, to the addresses of the settings")
    .addOption(json())
    .addHelpText("after", examples("test-notification Slack", "test-notification --email"))
    .action((channel: string | undefined, options: { email?: boolean } & CommonOptions) =>
      inSession(options, async (session) => (await actions()).testNotification(session, channel, options)),
    );
}
