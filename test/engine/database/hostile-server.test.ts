import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { select, withSession } from "../../../server/engine/database/client.ts";
import { credentialFile } from "../../../server/engine/database/credential.ts";
import { dumpArguments } from "../../../server/engine/database/dump-pipeline.ts";
import { demandSynced } from "../../../server/engine/database/galera.ts";
import { checkConnection } from "../../../server/engine/database/inspect.ts";
import { runScriptText } from "../../../server/engine/database/restricted-client.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import { spawnTool } from "../../../server/engine/process.ts";
import { hostileServer } from "../../support/hostile-server.ts";
import { scratchFolder } from "../../support/trees.ts";

const isSetting = (query: string) => /^\s*(?:\/\*!\d+ )?SET\b/i.test(query);

describe("a server that is not what it claims", () => {
  it("gets no file of this machine, whichever program it asks", async () => {
    const secret = "what only this machine knows";
    const path = join(await scratchFolder(), "secret.txt");
    await writeFile(path, secret);
    const asked = { count: 0, wake: () => {} };
    // What a server sends that wants a file of the client's machine instead of answering.
    await using server = await hostileServer((_query, reply) => {
      reply.send(Buffer.concat([Buffer.from([0xfb]), Buffer.from(path)]));
      asked.count += 1;
      reply.socket.once("data", () => reply.socket.end());
    });
    const { connection } = server;
    const tools = await findTools(null);
    const { signal } = new AbortController();
    await using credential = await credentialFile(connection);
    await using dump = spawnTool(tools.dump, dumpArguments(connection, tools), { fds: [credential.fd], secrets: [], signal });
    expect((await dump.exited).code).not.toBe(0);
    await expect(runScriptText({ connection, tools, schema: "shop", signal }, Buffer.from("SELECT 1;\n"))).rejects.toThrow();
    await expect(withSession(connection, async () => {})).rejects.toThrow();
    expect(asked.count).toBe(3);
    expect(server.heard()).not.toContain(secret);
  });

  it("is given up when it answers without end", async () => {
    await using server = await hostileServer((query, reply) => {
      if (isSetting(query)) return reply.ok();
      reply.columns("a");
      const more = () => {
        while (!reply.socket.destroyed && reply.row("x".repeat(100)));
        if (!reply.socket.destroyed) reply.socket.once("drain", more);
      };
      more();
    });
    await expect(withSession(server.connection, (session) => select(session, "SELECT a", [], { most: 10_000 }))).rejects.toMatchObject({
      code: "SOURCE_UNAVAILABLE",
      reason: "ENDLESS_ANSWER",
    });
  });

  it("is given up when it takes a question and never answers", async () => {
    await using server = await hostileServer((query, reply) => {
      if (isSetting(query)) reply.ok();
    });
    await expect(withSession(server.connection, (session) => select(session, "SELECT a", [], { patience: 300 }))).rejects.toMatchObject({
      code: "SOURCE_UNAVAILABLE",
      reason: "SERVER_SILENT",
    });
  });

  it("cannot put lines of its own into what is said about it", async () => {
    await using server = await hostileServer((query, reply) => {
      if (isSetting(query)) return reply.ok();
      const names = [...query.matchAll(/ AS `?(\w+)`?/gi)].map(([, name]) => name ?? "");
      reply.columns(...(names.length ? names : ["Grants"]));
      reply.row(...(names.length ? names : [""]).map(() => "GRANT ALL\n\u001b[31mERROR all is lost"));
      reply.end();
    });
    const { serverVersion, message, hint } = await checkConnection(server.connection);
    expect(`${serverVersion}${message}${hint}`).not.toContain("\u001b");
    expect(`${serverVersion}${message}`).not.toContain("\n");
  });
});

describe("a node of a cluster", () => {
  const node = (on: string, state: string, cluster: string) =>
    hostileServer((query, reply) => {
      if (isSetting(query)) return reply.ok();
      reply.columns("Variable_name", "Value");
      if (query.includes("VARIABLES")) reply.row("wsrep_on", on);
      else {
        reply.row("wsrep_local_state_comment", state);
        reply.row("wsrep_cluster_status", cluster);
      }
      reply.end();
    });

  it.each([
    ["ON", "Donor/Desynced", "Primary"],
    ["ON", "Joining", "Primary"],
    ["ON", "Synced", "non-Primary"],
  ])("is not dumped with replication %s, state %s, cluster %s", async (on, state, cluster) => {
    await using server = await node(on, state, cluster);
    await expect(withSession(server.connection, demandSynced)).rejects.toMatchObject({
      code: "SOURCE_UNAVAILABLE",
      message: expect.stringContaining(`${state}, cluster ${cluster}`),
    });
  });

  it.each([
    ["ON", "Synced", "Primary"],
    ["OFF", "Initialized", "Disconnected"],
  ])("is dumped with replication %s, state %s, cluster %s", async (on, state, cluster) => {
    await using server = await node(on, state, cluster);
    await withSession(server.connection, demandSynced);
  });
});
