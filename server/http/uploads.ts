import { FileStore } from "@tus/file-store";
import { Server, Upload } from "@tus/server";
import { type RequestHandler, Router } from "express";
import { Failure, messageOf } from "../domain/errors.ts";
import type { UploadId } from "../domain/ids.ts";
import type { Uploads } from "../services/uploads.ts";
import type { Auth } from "./auth.ts";
import { refusals } from "./refusals.ts";

interface Dependencies {
  readonly uploads: Uploads;
  readonly auth: Pick<Auth, "actorOfRequest" | "originAllowed">;
}

/**
 * /uploads/ID, by the tus protocol: HEAD tells how much has arrived, PATCH sends more, DELETE gives up. An upload is made by
 * `createUpload` only, which checks the space for it; what is sent here is asked for the same right on every request.
 */
export function serveUploads({ uploads, auth }: Dependencies): Router {
  const store = new FileStore({
    directory: uploads.folder,
    // What tus would keep in files of its own stands in the catalog.
    configstore: {
      async get(id) {
        const row = await uploads.existing(id as UploadId).catch(() => null);
        return row ? new Upload({ id, size: row.size, offset: row.receivedBytes, creation_date: row.createdAt.toISOString() }) : undefined;
      },
      async set() {},
      async delete() {},
    },
  });
  const server = new Server({
    path: "/uploads",
    datastore: store,
    relativeLocation: true,
    // Another page may not ask at all.
    allowedOrigins: [],
    postReceiveInterval: 500,
    async onUploadFinish(_request, { id }) {
      await uploads.received(id as UploadId);
      return {};
    },
    onResponseError: (_request, error) => (error instanceof Error ? { status_code: 500, body: `${messageOf(error)}\n` } : undefined),
  });
  server.on("POST_RECEIVE", (_request, { id }) => uploads.progressed(id as UploadId));

  const router = Router();
  router.all("/uploads/:id", async (req, res) => {
    demandMethod(req.method);
    if (!auth.originAllowed(req.headers))
      throw new Failure("FORBIDDEN", "This page does not belong to this Holdfast.", "Open Holdfast at its own address.");
    const actor = await auth.actorOfRequest(req.headers);
    const id = String(req.params.id);
    if (!(await uploads.receiving(actor, id)))
      throw new Failure("NOT_FOUND", "There is no such upload (any more).", "Begin again with createUpload.");
    if (req.method === "DELETE") {
      await uploads.remove(actor, id as UploadId);
      res.set("tus-resumable", "1.0.0").status(204).end();
      return;
    }
    await server.handle(req, res);
  });
  router.all("/uploads", refuseCreation);
  router.use("/uploads", refusals);
  return router;
}

const methods = ["HEAD", "PATCH", "DELETE"];

function demandMethod(method: string): void {
  if (!methods.includes(method)) throw new Failure("BAD_USER_INPUT", `An upload knows no ${method}.`, "It knows HEAD, PATCH and DELETE.");
}

const refuseCreation: RequestHandler = () => {
  throw new Failure("BAD_USER_INPUT", "An upload is not begun here.", "Begin it with the mutation createUpload, and send to /uploads/ID.");
};
