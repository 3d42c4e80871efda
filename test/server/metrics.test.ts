import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { isLocal } from "../../server/http/metrics.ts";
import { backUp, follow, type Holdfast, root, startHoldfast } from "../support/holdfast.ts";

const name = 'Shop "A"\\B';
let holdfast: Holdfast;
let sourceId: string;

beforeAll(async () => {
  holdfast = await startHoldfast();
  const media = join(holdfast.home, "media");
  await mkdir(media);
  await writeFile(join(media, "one.txt"), "one");
  const { createSource } = await holdfast.graphql<{ createSource: { id: string } }>(
    "mutation ($input: SourceInput!) { createSource(input: $input) { id } }",
    { input: { name, mediaPaths: [media], targetProofAgeHours: 24 } },
  );
  sourceId = createSource.id;
  const { id } = await backUp(holdfast, { sourceId, type: "MEDIA" });
  const verify = "mutation ($id: ID!) { verifyBackup(id: $id, level: RESTORE) { id } }";
  const { verifyBackup } = await holdfast.graphql<{ verifyBackup: { id: string } }>(verify, { id });
  await follow(holdfast, verifyBackup.id);
  const input = { name: "Nightly", frequency: "DAILY", timeOfDay: "03:00", backupType: "MEDIA", sourceId };
  await holdfast.graphql("mutation ($input: ScheduleInput!) { createSchedule(input: $input) { id } }", { input });
});
afterAll(() => holdfast[Symbol.asyncDispose]());

const scrape = async (headers: Record<string, string> = {}) => fetch(`${holdfast.url}/metrics`, { headers });
const labels = `source="Shop \\"A\\"\\\\B"`;

describe("/metrics", () => {
  it("tells of backups, proof, storages, schedules and the queue, with names escaped", async () => {
    const answer = await scrape();
    expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
    const text = await answer.text();
    expect(text).toContain(`holdfast_backups_total{${labels},result="completed"} 1\n`);
    expect(text).toContain(`holdfast_verifications_total{${labels},result="passed"} 1\n`);
    expect(text).toContain(`holdfast_drill_last_passed{${labels}} 1\n`);
    expect(text).toContain(`holdfast_source_proof_target_seconds{${labels}} 86400\n`);
    expect(text).toContain('holdfast_schedule_active{schedule="Nightly"} 1\n');
    expect(text).toContain('holdfast_operations{kind="backup",state="waiting"} 0\n');
    expect(text).toMatch(/holdfast_storage_free_bytes\{storage="This machine"\} \d/);
    await holdfast.graphql("{ health(fresh: true) { severity } }");
    const healthy = await (await scrape()).text();
    expect(healthy).toMatch(/holdfast_health_checks\{severity="good"\} [1-9]/);
    expect(healthy).toContain('holdfast_health_checks{severity="error"} 0\n');
    const at = Number(/last_success_timestamp_seconds\{.*\} ([\d.e+]+)/.exec(text)?.[1]);
    expect(Math.abs(Date.now() / 1000 - at)).toBeLessThan(600);
  });

  it("asks whoever comes by a proxy or a strange name for a credential, and is content with a viewer's", async () => {
    expect((await scrape({ "x-forwarded-for": "203.0.113.9" })).status).toBe(401);
    const make = 'mutation { createApiToken(input: { name: "prometheus", role: VIEWER }) { secret } }';
    const { createApiToken } = await holdfast.graphql<{ createApiToken: { secret: string } }>(make);
    const authorization = `Bearer ${createApiToken.secret}`;
    expect((await scrape({ "x-forwarded-for": "203.0.113.9", authorization })).status).toBe(200);
    expect(isLocal("127.0.0.1", { host: "rebound.example.com:4400" })).toBe(false);
    expect(isLocal("203.0.113.9", { host: "203.0.113.1:4400" })).toBe(false);
    expect(isLocal("::ffff:127.0.0.1", { host: "[::1]:4400" })).toBe(true);
  });

  it("has every name that the dashboard of Grafana and the alert rules ask for, and nothing that neither shows", async () => {
    const dashboard = JSON.parse(await readFile(join(root, "docs/grafana/holdfast.json"), "utf8"));
    const rules = parse(await readFile(join(root, "docs/prometheus/alerts.yml"), "utf8"));
    const asked = [
      ...dashboard.panels.flatMap(({ targets }: { targets: { expr: string }[] }) => targets.map(({ expr }) => expr)),
      ...rules.groups.flatMap(({ rules: each }: { rules: { expr: string }[] }) => each.map(({ expr }) => expr)),
    ].flatMap((expr: string) => [...expr.matchAll(/\b(?:holdfast|process)_[a-z_]+/g)].map(([metric]) => metric));
    const told = [...(await (await scrape()).text()).matchAll(/^# TYPE (\S+)/gm)].map(([, metric]) => metric);
    expect(asked.filter((metric) => !told.includes(metric))).toEqual([]);
    expect(told.filter((metric) => metric?.startsWith("holdfast_") && !asked.includes(metric))).toEqual([]);
    expect(rules.groups[0].rules.every((rule: { annotations: { summary: string } }) => rule.annotations.summary)).toBe(true);
  });
});

describe("the log", () => {
  it("has a line as each operation begins and one as it ends, under its id", async () => {
    const { id: operationId } = await backUp(holdfast, { sourceId, type: "MEDIA" });
    const own = () => holdfast.lines.filter((line) => line.operationId === operationId);
    await expect.poll(own).toMatchObject([
      { msg: "operation began", kind: "BACKUP" },
      { msg: "operation ended", kind: "BACKUP", status: "COMPLETED", durationSeconds: expect.any(Number) },
    ]);
  });
});

describe("/readyz", () => {
  const ready = async () => {
    const answer = await fetch(`${holdfast.url}/readyz`);
    return { status: answer.status, body: await answer.json() };
  };

  it("says which part is not ready, and why only to the log", async () => {
    await expect.poll(ready).toEqual({ status: 200, body: { ok: true, notReady: [] } });
    const folder = join(holdfast.home, "backups");
    // Also root cannot write where a folder is a file.
    await rename(folder, `${folder}.away`);
    await writeFile(folder, "");
    await expect.poll(ready).toEqual({ status: 503, body: { ok: false, notReady: ["storage"] } });
    expect(holdfast.lines.filter(({ msg, part }) => msg === "not ready" && part === "storage")).toHaveLength(1);
    await rm(folder);
    await rename(`${folder}.away`, folder);
    await expect.poll(ready).toMatchObject({ status: 200 });
    expect((await fetch(`${holdfast.url}/healthz`)).status).toBe(200);
  });
});
