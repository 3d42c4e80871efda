import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import express from "express";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { UploadId } from "../../server/domain/ids.ts";
import { serveUploads } from "../../server/http/uploads.ts";
import { administrator, type Wired, wired } from "../support/wired.ts";

let own: Wired;
let server: Server;
let port = 0;

beforeAll(async () => {
  own = await wired(new Date("2026-11-22T03:00:00.000Z"));
  const auth = { actorOfRequest: async () => administrator, originAllowed: () => true };
  server = createServer(express().use(serveUploads({ uploads: own.app.services.uploads, auth })));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await own?.[Symbol.asyncDispose]();
});

const size = 20_000_000;
const begin = async (): Promise<UploadId> => (await own.app.services.uploads.create(administrator, "dump.sql", size)).id;
const files = () => readdirSync(own.app.services.uploads.folder);
/** Files of uploads that this process has open now. */
const openFiles = () =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(own.app.services.uploads.folder);
    } catch {
      return false;
    }
  }).length;
const offset = async (id: UploadId) => {
  const answer = await fetch(`http://127.0.0.1:${port}/uploads/${id}`, { method: "HEAD", headers: { "tus-resumable": "1.0.0" } });
  return answer.status === 200 ? Number(answer.headers.get("upload-offset")) : answer.status;
};

/** Says that all of it is coming from `from` on, sends a part of that, and waits until that has been taken. */
async function sendPart(id: UploadId, from: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    [
      `PATCH /uploads/${id} HTTP/1.1`,
      ...["host: a", "tus-resumable: 1.0.0", `upload-offset: ${from}`, "content-type: application/offset+octet-stream"],
      `content-length: ${size - from}\r\n\r\n`,
    ].join("\r\n"),
  );
  socket.write(Buffer.alloc(3_000_000, "x"));
  await vi.waitFor(() => expect(openFiles()).toBeGreaterThan(0));
  return socket;
}

it("closes what it wrote to when the sender goes away, and keeps what came for who goes on", async () => {
  const id = await begin();
  (await sendPart(id, 0)).resetAndDestroy();
  await vi.waitFor(() => expect(openFiles()).toBe(0), { timeout: 5000 });
  const arrived = await offset(id);
  expect(arrived).toBeGreaterThan(0);
  (await sendPart(id, arrived)).resetAndDestroy();
  await vi.waitFor(() => expect(openFiles()).toBe(0), { timeout: 5000 });
  expect(await offset(id)).toBeGreaterThanOrEqual(arrived);
  await own.app.services.uploads.remove(administrator, id);
  expect(files()).toEqual([]);
});

it("leaves nothing behind that was given up, also while it is being sent", async () => {
  const id = await begin();
  const sending = await sendPart(id, 0);
  const gone = await fetch(`http://127.0.0.1:${port}/uploads/${id}`, { method: "DELETE", headers: { "tus-resumable": "1.0.0" } });
  expect(gone.status).toBe(204);
  sending.write(Buffer.alloc(1_000_000, "x"));
  sending.destroy();
  await vi.waitFor(() => expect(openFiles()).toBe(0), { timeout: 5000 });
  expect(files()).toEqual([]);
  expect(await offset(id)).toBe(404);
});
