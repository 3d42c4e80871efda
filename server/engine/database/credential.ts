import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection } from "../../domain/connection.ts";
import { refuseUnsendable } from "./client.ts";

/** The option that makes a client program read the credential from its descriptor 3, and no other option file; must come first. */
export const credentialOption = "--defaults-file=/dev/fd/3";

/**
 * How to connect, in an option file that nobody else can open: made for us alone, and unlinked before this resolves.
 * Hand its descriptor to one child as number 3, then close it. Refuses what an option file cannot hold.
 */
export async function credentialFile(connection: Connection): Promise<FileHandle> {
  refuseUnsendable(connection);
  const path = join(tmpdir(), `.holdfast-${randomUUID()}`);
  const written = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
  try {
    await written.writeFile(optionFile(connection));
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } finally {
    await rm(path, { force: true });
    await written.close();
  }
}

function optionFile({ host, port, user, password, socketPath }: Connection): string {
  const place = socketPath ? { protocol: "socket", socket: socketPath } : { protocol: "tcp", host, port: String(port) };
  const lines = Object.entries({ user, password, ...place }).map(([name, value]) => `${name}="${escaped(value)}"`);
  return `[client]\n${lines.join("\n")}\n`;
}

const escaped = (value: string) => value.replace(/[\\"]/g, "\\$&");
