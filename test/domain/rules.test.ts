import { describe, expect, it } from "vitest";
import { type Actor, allow, type Permission } from "../../server/domain/access.ts";
import { backupFolder, defaultBackupName, restoreCommands, slugOf } from "../../server/domain/naming.ts";
import { isFinal, statusesBefore } from "../../server/domain/operation.ts";
import { formatBytes, formatCount, formatDuration } from "../../shared/format.ts";

describe("names", () => {
  it.each([
    ["Shop", "shop"],
    ["Café Zürich — München", "cafe-zurich-munchen"],
    ["../../etc/passwd", "etc-passwd"],
    ["日本語", "source"],
    ["  ", "source"],
    ["x".repeat(100), "x".repeat(60)],
  ])("make the slug of %j", (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });

  it("give a folder by source, instant, type and id", () => {
    expect(backupFolder("shop", "FULL", new Date("2026-11-22T03:00:00.123Z"), "1b4e28ba-2fa1-4d2e-883f-0016d3cca427")).toBe(
      "shop/2026-11-22T03-00-00Z-full-1b4e28ba",
    );
  });

  it("give a backup a name that says what and when", () => {
    expect(defaultBackupName("Shop", new Date("2026-11-22T03:00:00Z"))).toBe("Shop, 22 Nov 2026 03:00 UTC");
  });

  it.each([
    ["ZSTD", "zstd -dc database.sql.zst | mariadb --binary-mode --comments shop", "tar --zstd -xpf media.tar.zst"],
    ["GZIP", "gunzip -c database.sql.gz | mariadb --binary-mode --comments shop", "tar --gzip -xpf media.tar.gz"],
    ["NONE", "cat database.sql | mariadb --binary-mode --comments shop", "tar -xpf media.tar"],
  ] as const)("tell how to restore %s by hand", (compression, dump, archive) => {
    expect(restoreCommands(["database", "media"], compression, "shop")).toEqual([dump, archive]);
  });

  it("quote a database's name for the shell", () => {
    expect(restoreCommands(["database"], "NONE", "it's; rm -rf /")[0]).toBe(
      `cat database.sql | mariadb --binary-mode --comments -- 'it'\\''s; rm -rf /'`,
    );
  });
});

describe("an operation", () => {
  it("ends once and for all", () => {
    expect(statusesBefore("COMPLETED")).toEqual(["RUNNING"]);
    expect(statusesBefore("CANCELLED")).toEqual(["QUEUED", "RUNNING"]);
    expect(statusesBefore("FAILED")).toEqual(["QUEUED", "RUNNING"]);
    expect(statusesBefore("RUNNING")).toEqual(["QUEUED"]);
    for (const status of ["COMPLETED", "FAILED", "CANCELLED"] as const) expect(isFinal(status)).toBe(true);
  });
});

describe("access", () => {
  const as = (role: "ADMIN" | "OPERATOR" | "VIEWER"): Actor => ({ kind: "token", id: "1", name: "t", role });
  it.each([
    ["read", true, true, true],
    ["backup", false, true, true],
    ["download", false, true, true],
    ["restore", false, false, true],
    ["deleteBackup", false, false, true],
    ["configure", false, false, true],
    ["accounts", false, false, true],
  ] as const)("to %s: viewer %s, operator %s, administrator %s", (permission: Permission, viewer, operator, admin) => {
    const may = (actor: Actor | null) => {
      try {
        allow(actor, permission);
        return true;
      } catch {
        return false;
      }
    };
    expect([may(as("VIEWER")), may(as("OPERATOR")), may(as("ADMIN"))]).toEqual([viewer, operator, admin]);
    expect(may(null)).toBe(false);
  });
});

describe("figures for people", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1_000, "1.00 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [1_118_000_000, "1.12 GB"],
    [62_300_000, "62.3 MB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
  it.each([
    [0.04, "0 s"],
    [0.44, "0.4 s"],
    [13.2, "13 s"],
    [59.7, "1 min"],
    [250, "4 min 10 s"],
    [7500, "2 h 5 min"],
    [518_220, "5 d 23 h"],
    [172_800, "2 d"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
  it("counts carry their noun", () => {
    expect([formatCount(1, "table"), formatCount(1_204_551, "row"), formatCount(2, "copy", "copies")]).toEqual([
      "1 table",
      "1,204,551 rows",
      "2 copies",
    ]);
  });
});
