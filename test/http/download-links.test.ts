import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Actor } from "../../server/domain/access.ts";
import { rawGet } from "../support/raw-client.ts";
import { artifact, largeBytes, type ServedDownloads, servedDownloads } from "../support/served-downloads.ts";
import { administrator } from "../support/wired.ts";

let place: ServedDownloads;
beforeAll(async () => {
  place = await servedDownloads();
});
afterAll(() => place?.[Symbol.asyncDispose]());

describe("a link", () => {
  it("leads to what it was made for alone", async () => {
    const { path, filename } = await place.create(artifact);
    const token = path.split("/")[2] ?? "";
    const other = (await place.create({ path: "shop/empty" })).path.split("/")[2] ?? "";
    const wrong = [
      `/downloads/${token}`,
      `/downloads/${token}/`,
      `/downloads/${token}/manifest.json`,
      `/downloads/${token}/..%2f..%2fmanifest.json`,
      `/downloads/${token}/../manifest.json`,
      `/downloads/${token}/${filename}/more`,
      `/downloads/${other}/${filename}`,
      `/downloads/${place.backupId}/${filename}`,
      `/downloads/..%2f..%2fetc%2fpasswd/${filename}`,
      `/downloads/${token.toLowerCase()}/${filename}`,
      `/downloads/${"A".repeat(43)}/${filename}`,
      `/downloads/%00/${filename}`,
      "/downloads/../../../etc/passwd",
    ];
    for (const each of wrong) expect([each, await place.status(each)]).toEqual([each, 404]);
    expect(await place.status(path)).toBe(200);
  });

  it("works for an hour and never again, also by hands that had it before", async () => {
    const { path } = await place.create(artifact);
    using clock = place.after(59);
    expect(await place.status(path)).toBe(200);
    await place.nobodyReads();
    clock.to(61);
    expect(await place.status(path)).toBe(404);
  });

  it("ends with its backup, and when it is revoked, also for who reads it at this moment", async () => {
    const id = await place.backUp();
    const { path } = await place.create(artifact, id);
    await place.services.backups.remove(administrator, id);
    expect(await place.status(path)).toBe(404);

    const [one, two] = [await place.create(artifact), await place.create()];
    await using reading = await rawGet(place.port, one.path);
    const first = await reading.read(1000);
    expect(await place.services.downloads.revoke(administrator, place.backupId)).toBeGreaterThanOrEqual(2);
    expect(first.length + (await reading.read(one.size)).length).toBeLessThan(one.size);
    expect([await place.status(one.path), await place.status(two.path)]).toEqual([404, 404]);
    await place.nothingOpen();
    const viewer: Actor = { kind: "token", id: "v", name: "viewer", role: "VIEWER" };
    await expect(place.services.downloads.revoke(viewer, place.backupId)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(place.create(artifact, place.backupId, viewer)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("is listed with what it gives, who made it and how often it was used, and ends alone when it alone is revoked", async () => {
    const { downloads } = place.services;
    const id = await place.backUp();
    const token: Actor = { kind: "token", id: "t", name: "nightly", role: "OPERATOR" };
    const [one, two] = [await place.create(artifact, id), await place.create({ path: "shop/empty" }, id, token)];
    const paths = Array.from({ length: 30 }, () => "shop/empty");
    await downloads.create(token, id, { artifact: null, path: null, archive: { paths, format: "TAR" } });
    await using broken = await rawGet(place.port, one.path);
    const first = await broken.read(1000);
    await using kept = await rawGet(place.port, (await place.create({}, id)).path);
    await kept.read(1000);
    expect([await place.status(two.path), await place.status(two.path)]).toEqual([200, 200]);
    await vi.waitFor(async () => expect((await linkOf(two.filename)).reading).toBe(false));

    const links = await downloads.list(token, id);
    const of = (filename: string) => links.find((each) => each.filename === filename);
    async function linkOf(filename: string) {
      const found = (await downloads.list(token, id)).find((each) => each.filename === filename);
      if (!found) throw new Error(`${filename} is not listed`);
      return found;
    }
    expect(links).toHaveLength(4);
    expect(of(one.filename)).toMatchObject({ ...artifact, path: null, uses: 1, reading: true, expiresAt: one.expiresAt });
    expect(of("empty")).toMatchObject({ artifact: null, path: "shop/empty", uses: 2, reading: false, actor: "API token nightly" });
    expect(links.find(({ format }) => format === "TAR")).toMatchObject({ paths: paths.slice(0, 20), pathCount: 30, uses: 0 });
    expect(JSON.stringify(links)).not.toContain(one.path.split("/")[2]);

    await downloads.revokeOne(token, (await linkOf(one.filename)).id);
    expect(first.length + (await broken.read(one.size)).length).toBeLessThan(one.size);
    expect([await place.status(one.path), await place.status(two.path)]).toEqual([404, 200]);
    expect((await kept.read(largeBytes)).length).toBe(largeBytes);
    await expect(downloads.revokeOne(token, of(one.filename)?.id ?? "")).rejects.toMatchObject({ code: "NOT_FOUND" });
    const viewer: Actor = { kind: "token", id: "v", name: "viewer", role: "VIEWER" };
    await expect(downloads.revokeOne(viewer, of("empty")?.id ?? "")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(downloads.list(viewer, id)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("is refused to who makes too many, with when to come again; others may", async () => {
    const token: Actor = { kind: "token", id: "t", name: "script", role: "OPERATOR" };
    for (let made = 0; made < 300; made += 1) await place.create({ path: "shop/empty" }, place.backupId, token);
    await expect(place.create({ path: "shop/empty" }, place.backupId, token)).rejects.toMatchObject({
      reason: "RATE_LIMITED",
      hint: expect.stringMatching(/in \d+ seconds/),
    });
    await place.create({ path: "shop/empty" });
    using _ = place.after(16);
    await place.create({ path: "shop/empty" }, place.backupId, token);
  });
});
