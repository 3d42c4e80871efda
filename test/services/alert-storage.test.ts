import { describe, expect, it } from "vitest";
import { writeBackupCopy } from "../../server/db/copies.ts";
import { Failure } from "../../server/domain/errors.ts";
import type { BackupId } from "../../server/domain/ids.ts";
import { admin, alerting } from "../support/alerting.ts";
import { partOf } from "../support/mailbox.ts";
import { addSourceRow, minutes } from "../support/notified.ts";

const own = alerting();
const { ended, settle, subjects } = own;

describe("people", () => {
  it("are told of a storage that runs low or will not let go, and hear when that is over", async () => {
    const shop = await addSourceRow(own.told.db, "Shop", own.told.clock.now());
    const stuck = await ended(shop.id, "COMPLETED", { deletedAt: own.told.clock.now(), deletionProblem: "The folder is read-only." });
    Object.assign(own.told.disk, { free: 95e9 });
    await settle();
    own.told.clock.pass(minutes(61));
    await settle();
    // A little more than the limit is not yet room.
    Object.assign(own.told.disk, { free: 105e9 });
    await settle();
    expect(subjects()).toEqual(["Disk: the storage is running low", "Disk: a backup cannot be deleted"]);
    Object.assign(own.told.disk, { free: 300e9 });
    await own.told.catalog.pool.query("DELETE FROM backups WHERE id = ?", [stuck]);
    await settle();
    expect(subjects().slice(2).sort()).toEqual([
      "Disk: has room again, after 61 minutes",
      "Disk: lets go of old backups again, after less than a minute",
    ]);
  });

  it("are told of a storage that stays away and of backups that stay missing on it, not of a moment, and hear when that is over", async () => {
    const shop = await addSourceRow(own.told.db, "Shop", own.told.clock.now());
    const id = await ended(shop.id, "COMPLETED");
    const copy = { backupId: id as BackupId, storageId: own.storageId };
    await writeBackupCopy(own.told.db, { ...copy, state: "FAILED", problem: "No route to it." });
    const away = new Failure("STORAGE_UNAVAILABLE", "The storage Disk does not answer.", "Look whether it is up.");
    Object.assign(own.told.disk, { problem: away });
    await settle();
    own.told.clock.pass(minutes(5));
    Object.assign(own.told.disk, { problem: null });
    await settle();
    Object.assign(own.told.disk, { problem: away });
    await settle();
    own.told.clock.pass(minutes(9));
    await settle();
    expect(subjects()).toEqual([]);
    own.told.clock.pass(minutes(2));
    await settle();
    expect(subjects()).toEqual(["Disk: the storage cannot be used"]);
    own.told.clock.pass(minutes(50));
    await settle();
    expect(subjects().slice(1)).toEqual(["Disk: a backup is to lie there and does not"]);
    const [first] = own.box.mails;
    if (first) expect(partOf(first, "text/plain").replace(/\s+/g, " ")).toMatch(/does not answer\. Look whether it is up\./);
    Object.assign(own.told.disk, { problem: null });
    await writeBackupCopy(own.told.db, { ...copy, state: "STORED", problem: null });
    await settle();
    expect(subjects().slice(2).sort()).toEqual([
      "Disk: can be reached again, after 50 minutes",
      "Disk: holds all its backups again, after less than a minute",
    ]);
    expect(await own.told.alerts.list(admin)).toEqual([]);
  });
});
