import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import mysql, { type RowDataPacket } from "mysql2/promise";
import { formatBytes, formatCount, formatDuration } from "../../shared/format.ts";
import type { OperationId, SourceId, VerificationId } from "../domain/ids.ts";
import { type Ready, serve } from "../serve.ts";
import type { SourceRow } from "../services/sources.ts";
import { createPictures } from "./pictures.ts";
import { createShop } from "./shop.ts";
import { shopName } from "./words.ts";

/** The demo's own account on Holdfast, kept in its home so that the next start prints the same. */
interface SignIn {
  readonly email: string;
  readonly password: string;
}

const database = "demo_shop";
const owner = { kind: "cli", name: "demo", role: "ADMIN" } as const;
const say = (line: string) => process.stderr.write(`${line}\n`);

/** Runs a server of its own with a sample shop as its source and a first full backup of it; the sign-in is printed. */
export async function demo(): Promise<void> {
  let signIn: SignIn | null = null;
  await serve({
    defaultHome: "demo-data",
    async adapt(settings) {
      signIn = await keptSignIn(settings.home);
      return { ...settings, databaseUrl: null, firstSource: null, admin: signIn };
    },
    async onReady(ready) {
      const source = (await ready.services.sources.list(owner))[0] ?? (await openShop(ready));
      if (!(await ready.services.sources.lastBackup(source))) await firstBackup(ready, source.id);
      if ((await ready.services.schedules.list(owner)).length === 0) await makeSchedules(ready, source.id);
      if (signIn) await greet(ready, signIn);
    },
  });
}

async function keptSignIn(home: string): Promise<SignIn> {
  const file = join(home, "sign-in.json");
  try {
    return JSON.parse(await readFile(file, "utf8")) as SignIn;
  } catch {
    const made = { email: "demo@holdfast.example", password: randomBytes(9).toString("base64url") };
    await mkdir(home, { recursive: true, mode: 0o700 });
    await writeFile(file, JSON.stringify(made), { mode: 0o600 });
    return made;
  }
}

/** The shop lives in a database of its own on the demo's private server, with an account that may just what Holdfast needs. */
async function openShop({ services, catalog, settings }: Ready): Promise<SourceRow> {
  say("Making the sample shop: a real database and a real folder of pictures.");
  const password = randomBytes(18).toString("base64url");
  const [[variables]] = await catalog.pool.query<RowDataPacket[]>("SELECT @@socket AS socket");
  const account = "demo_shop@localhost";
  await catalog.pool.query(`DROP DATABASE IF EXISTS ${database}`);
  await catalog.pool.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
  await catalog.pool.query(`CREATE OR REPLACE USER ${account} IDENTIFIED BY '${password}'`);
  await catalog.pool.query(`GRANT ALL ON ${database}.* TO ${account}`);
  await catalog.pool.query(`GRANT ALL ON \`\\_holdfast\\_%\`.* TO ${account}`);
  // For those who try a restore into another database.
  await catalog.pool.query(`GRANT ALL ON \`demo\\_%\`.* TO ${account}`);
  await catalog.pool.query(`GRANT SELECT ON mysql.proc TO ${account}`);
  const socketPath = String(variables?.socket);
  const shop = await mysql.createConnection({ socketPath, user: "demo_shop", password, database, timezone: "Z" });
  const made = await createShop(shop, { now: new Date() });
  await shop.end();
  const media = join(settings.home, "shop", "media");
  const pictures = await createPictures(media);
  say(
    `${formatCount(made.tables, "table")}, ${formatCount(made.rows, "row")}, ${formatCount(pictures.files, "picture")} (${formatBytes(pictures.bytes)}).`,
  );
  return services.sources.create(owner, {
    name: shopName,
    database: { socketPath, user: "demo_shop", password, database },
    mediaPaths: [media],
  });
}

async function firstBackup({ services }: Ready, sourceId: SourceId): Promise<void> {
  say("Taking the first full backup.");
  const { id } = await services.backups.create(
    owner,
    { type: "FULL", sourceId, name: "The first backup", description: "Taken when the demo was started.", verify: "RESTORE" },
    "MANUAL",
  );
  await ended(services, id);
  const backup = await services.backups.existing(id);
  const seconds = backup.startedAt && backup.finishedAt ? (backup.finishedAt.getTime() - backup.startedAt.getTime()) / 1000 : 0;
  if (backup.status === "COMPLETED")
    say(`Done: ${formatBytes(backup.size ?? 0)} stored in ${formatBytes(backup.storedSize ?? 0)}, ${formatDuration(seconds)}.`);
  else say(`The first backup did not complete: ${backup.errorMessage ?? backup.status}`);
  // Whoever took the backup may not have come to it yet.
  await services.backups.finishVerifying();
  const [verification] = await services.verifications.ofBackups(owner, [id]);
  if (verification) await firstDrill(services, verification.id);
}

async function firstDrill(services: Ready["services"], id: VerificationId): Promise<void> {
  say("Proving it by a drill: restored into a throw-away server and compared.");
  await ended(services, id);
  const { passed, restoreSeconds, errorMessage } = await services.verifications.existing(id);
  const report = await services.verifications.reportOf(id);
  if (passed) say(`Proven: every table and file is as it was backed up, restored in ${formatDuration(restoreSeconds ?? 0)}.`);
  else say(`It was not proven: ${report?.problems.join(" ") || errorMessage}`);
}

async function makeSchedules({ services }: Ready, sourceId: SourceId): Promise<void> {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const common = { sourceId, timeZone, backupType: "FULL" } as const;
  await services.schedules.create(owner, {
    ...{ ...common, name: "Every night", frequency: "DAILY", timeOfDay: "03:00", verifyAfter: "CHECKSUM" },
    retention: { keepLast: 7, keepDaily: 14, keepWeekly: 8, keepMonthly: 12 },
  });
  await services.schedules.create(owner, {
    ...{ ...common, name: "Sunday drill", kind: "VERIFICATION", level: "RESTORE", frequency: "WEEKLY", dayOfWeek: 0, timeOfDay: "05:00" },
  });
  say("Made two schedules: a backup every night at 03:00, and a drill of the newest one every Sunday.");
}

async function ended(services: Ready["services"], id: OperationId): Promise<void> {
  for await (const _ of await services.operations.watch(owner, id)) {
    // The stream ends with the operation.
  }
}

async function greet({ url, catalog, settings }: Ready, { email, password }: SignIn): Promise<void> {
  const [[variables]] = await catalog.pool.query<RowDataPacket[]>("SELECT @@socket AS socket");
  say(`
The demo is running.

  Dashboard   ${url}
  Email       ${email}
  Password    ${password}

Break the shop, then restore it from the dashboard:

  mariadb --socket=${String(variables?.socket)} ${database} -e "SET foreign_key_checks = 0; DROP TABLE order_items"
  rm -r ${join(settings.home, "shop", "media")}/*

Ctrl-C stops the demo; the next \`npm run demo\` goes on where it was. To begin anew, remove ${settings.home}.
`);
}
