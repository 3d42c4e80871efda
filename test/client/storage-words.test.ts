import { describe, expect, it } from "vitest";
import { type Rebuild, rebuildFacts, rebuildSentence, toAdopt } from "../../client/lib/rebuild-words.ts";
import { endpointFault, endpointOf, providerNamed, providerOf, providers } from "../../client/lib/s3-providers.ts";
import { fingerprintCommand, missingWords, spaceShares, spaceWords } from "../../client/lib/storage-words.ts";

const GB = 1_000_000_000;

describe("how a storage stands", () => {
  it("says how many backups it still owes, and nothing where there are none", () => {
    expect([0, 1, 3].map(missingWords)).toEqual([null, "1 backup is still to be copied here.", "3 backups are still to be copied here."]);
  });

  it.each([
    [
      { usedBytes: 10 * GB, freeBytes: 50 * GB, totalBytes: 100 * GB },
      { backups: 10, others: 40, low: false },
    ],
    [
      { usedBytes: 90 * GB, freeBytes: 5 * GB, totalBytes: 100 * GB },
      { backups: 90, others: 5, low: true },
    ],
    [
      { usedBytes: 10 * GB, freeBytes: 30 * GB, totalBytes: null },
      { backups: 25, others: 0, low: false },
    ],
    [{ usedBytes: 10 * GB, freeBytes: null, totalBytes: null }, null],
  ])("shares its whole between backups, other things and what is free", (space, shares) => {
    expect(spaceShares(space)).toEqual(shares);
  });

  it("tells the bar to who does not see it", () => {
    expect(spaceWords("Offsite", { backups: 0.2, others: 40 })).toBe(
      "less than 1 percent of Offsite is used by backups, 40 percent by other things, the rest is free",
    );
  });

  it("names the file of the host's key by its type", () => {
    expect(["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa", "ED25519"].map((type) => fingerprintCommand(type).slice(24))).toEqual([
      "ssh_host_ed25519_key.pub",
      "ssh_host_ecdsa_key.pub",
      "ssh_host_rsa_key.pub",
      "ssh_host_ed25519_key.pub",
    ]);
  });
});

describe("a provider of S3-compatible storage", () => {
  it("makes its endpoint of the region", () => {
    expect(endpointOf(providerNamed("b2"), "us-west-004")).toBe("https://s3.us-west-004.backblazeb2.com");
    expect(endpointOf(providerNamed("aws"), "eu-central-1")).toBe("");
  });

  it("is known again by its endpoint", () => {
    const known = providers.filter(({ value }) => value !== "minio");
    expect(known.map((provider) => providerOf(endpointOf(provider, provider.region)).value)).toEqual(known.map(({ value }) => value));
    expect(providerOf("https://minio.example.org:9000").value).toBe("other");
  });

  it.each([
    ["", null],
    ["https://s3.example.org", null],
    ["http://10.0.0.5:9000/", null],
    ["s3.example.org", "Write an address such as https://s3.example.org, without a path."],
    ["https://s3.example.org/bucket", "Write an address such as https://s3.example.org, without a path."],
    ["https://ACCOUNT_ID.r2.cloudflarestorage.com", "Write your account's id in the place of ACCOUNT_ID."],
  ])("has an endpoint without a path: %s", (endpoint, fault) => {
    expect(endpointFault(endpoint)).toBe(fault);
  });
});

describe("what reading a storage found", () => {
  const report: Rebuild = {
    dryRun: true,
    found: 12,
    adopted: 3,
    copies: 0,
    known: 9,
    foreign: 0,
    problems: [],
    missing: [],
    sources: [],
    notes: [],
  };

  it.each([
    [report, "12 backups found: 3 backups not yet in the catalog."],
    [{ ...report, dryRun: false }, "12 backups found: 3 backups taken into the catalog."],
    [{ ...report, copies: 1 }, "12 backups found: 3 backups not yet in the catalog and 1 further copy of backups that it knows."],
    [{ ...report, adopted: 0, found: 1, known: 1 }, "1 backup found: the catalog knows it."],
    [{ ...report, adopted: 0 }, "12 backups found: the catalog knows all that are of this Holdfast."],
    [{ ...report, found: 0, adopted: 0, known: 0 }, "No backups lie here."],
  ])("is a sentence", (found, words) => {
    expect(rebuildSentence(found)).toBe(words);
  });

  it("counts only what there is", () => {
    expect(rebuildFacts({ ...report, foreign: 2 })).toEqual([
      ["Found", "12"],
      ["New", "3"],
      ["Known before", "9"],
      ["Of another Holdfast", "2"],
    ]);
  });

  it("takes in those of another Holdfast only when that is asked for", () => {
    expect([toAdopt({ ...report, foreign: 2 }, false), toAdopt({ ...report, foreign: 2 }, true)]).toEqual([3, 5]);
  });
});
