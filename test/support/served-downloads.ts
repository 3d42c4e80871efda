import { randomBytes } from "node:crypto";
import { readdirSync, readlinkSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import express from "express";
import { expect, vi } from "vitest";
import type { Actor } from "../../server/domain/access.ts";
import type { BackupId } from "../../server/domain/ids.ts";
import { serveDownloads } from "../../server/http/downloads.ts";
import type { DownloadLink } from "../../server/services/downloads.ts";
import { rawGet } from "./raw-client.ts";
import { administrator, wired } from "./wired.ts";

// Larger than what the kernel takes in for a client that does not read.
export const largeBytes = 24_000_000;
export const oddName = 'a"b\r\nset-cookie: x=1; \u202egpj.exe – 東京.bin';
/** What a link to the backup's one artifact is asked for with. */
export const artifact = { artifact: "media.tar" };

type Wanted = { readonly artifact?: string; readonly path?: string };
type Sized = DownloadLink & { readonly size: number };

/** A backup of media, and links to it that a server answers; all gone by `await using`. */
export async function servedDownloads() {
  const own = await wired(new Date("2026-11-22T03:00:00.000Z"));
  const { services, reads } = own.app;
  const servers: Server[] = [];
  const media = join(own.home, "media", "shop");
  await mkdir(media, { recursive: true });
  await writeFile(join(media, "large.bin"), randomBytes(largeBytes));
  await writeFile(join(media, oddName), "odd");
  await writeFile(join(media, "empty"), "");
  const { id: sourceId } = await services.sources.create(administrator, { name: "Shop", mediaPaths: [media] });

  /** A server's port. */
  async function serve(downloads: Parameters<typeof serveDownloads>[0], options: { idleMilliseconds?: number } = {}): Promise<number> {
    const server = createServer(express().use(serveDownloads(downloads, options)));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }
  async function backUp(): Promise<BackupId> {
    const { id } = await services.backups.create(administrator, { type: "MEDIA", sourceId, compress: false }, "MANUAL");
    await own.performAll();
    expect((await services.backups.existing(id)).status).toBe("COMPLETED");
    return id;
  }
  async function create(wanted: Wanted = {}, id = backupId, actor: Actor = administrator): Promise<Sized> {
    const { size, ...link } = await services.downloads.create(actor, id, { artifact: null, path: null, archive: null, ...wanted });
    return { ...link, size: size ?? Number.NaN };
  }
  async function status(path: string): Promise<number> {
    await using client = await rawGet(port, path);
    return client.head.status;
  }
  /** Files of the storage that this process has open now. */
  const openFiles = () =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(own.home);
      } catch {
        return false;
      }
    }).length;
  const beingRead = async () => (await reads.downloading([backupId])).length > 0;

  const backupId = await backUp();
  const port = await serve(services.downloads);
  return {
    ...{ own, services, backupId, port, serve, backUp, create, status, beingRead },
    nobodyReads: () => vi.waitFor(async () => expect(await beingRead()).toBe(false), { timeout: 5000 }),
    nothingOpen: () => vi.waitFor(() => expect(openFiles()).toBe(0)),
    somethingOpen: () => vi.waitFor(() => expect(openFiles()).toBeGreaterThan(0)),
    /** Moves the clock by so many minutes until what is returned is disposed. */
    after(minutes: number): Disposable & { to(minutes: number): void } {
      const start = own.now();
      const to = (minutes: number) => own.setClock(new Date(start.getTime() + minutes * 60_000));
      to(minutes);
      return { to, [Symbol.dispose]: () => own.setClock(start) };
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      await own[Symbol.asyncDispose]();
    },
  };
}
export type ServedDownloads = Awaited<ReturnType<typeof servedDownloads>>;
