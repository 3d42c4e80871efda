import { once } from "node:events";
import type { Readable } from "node:stream";
import busboy from "busboy";
import type { Request } from "express";
import { badInput } from "../../domain/errors.ts";

const limits = { fields: 20, fieldNameSize: 100, fieldSize: 10_000, files: 4, parts: 30, headerPairs: 20 };

/**
 * Reads a multipart body: its fields, and each file by `take` as it comes, one after another. Rejects with BAD_USER_INPUT for
 * what no form of ours sends; with the first failure of `take`. Never holds more of a file than a stream does.
 */
export async function readMultipart(
  req: Request,
  take: (filename: string, bytes: Readable) => Promise<void>,
): Promise<ReadonlyMap<string, string>> {
  const fields = new Map<string, string>();
  const form = open(req);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => {});
  let arriving: Readable | null = null;
  const refuse = (failure: unknown) => {
    reject(failure);
    arriving?.destroy();
    form.destroy(failure instanceof Error ? failure : new Error(String(failure)));
  };
  let taken: Promise<void> = Promise.resolve();
  form.on("field", (name, value, { nameTruncated, valueTruncated }) => {
    if (nameTruncated || valueTruncated) refuse(badInput(`The field ${name.slice(0, 50)} is too long.`));
    else if (fields.has(name)) refuse(badInput(`The field ${name.slice(0, 50)} is given more than once.`));
    else fields.set(name, value);
  });
  form.on("file", (_name, bytes, { filename }) => {
    // Whoever takes it meets its errors too; one that nobody takes any more must not bring the process down.
    bytes.on("error", () => {});
    // What was in the same chunk is parsed still.
    if (form.destroyed) return void bytes.resume();
    arriving = bytes;
    taken = taken.then(() => take(filename || "upload", bytes));
    taken.catch(refuse);
  });
  for (const limit of ["fieldsLimit", "filesLimit", "partsLimit"] as const)
    form.on(limit, () => refuse(badInput("There are too many fields or files in this form.", `It has at most ${limits.files} files.`)));
  form.on("error", (cause: Error) => reject(badInput(`The form cannot be read: ${cause.message}.`)));
  form.on("close", () => taken.then(resolve, reject));
  await feed(req, form);
  try {
    await promise;
  } finally {
    // Nothing of it is being taken any more when the caller clears up.
    await taken.catch(() => {});
  }
  return fields;
}

/** Gives the form the body as fast as it takes it. A pipeline would close the connection with the form, and no answer would arrive. */
async function feed(req: Request, form: busboy.Busboy): Promise<void> {
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      if (form.destroyed) break;
      if (!form.write(chunk)) await once(form, "drain").catch(() => {});
    }
    if (!form.destroyed) form.end();
  } catch (error) {
    form.destroy(new Error("it was cut short", { cause: error }));
  }
  // The rest of a refused form is read away, so that the answer arrives.
  req.resume();
}

function open(req: Request) {
  try {
    return busboy({ headers: req.headers, limits, defParamCharset: "utf8" });
  } catch (cause) {
    throw badInput("The body is no form of the type multipart/form-data.", `It has to be sent with its boundary: ${String(cause)}`);
  }
}
