import { afterAll, beforeAll } from "vitest";
import type { SftpStorageConfig } from "../../../server/domain/storage.ts";
import { sftpStorage } from "../../../server/engine/storage/sftp.ts";
import { storageContract } from "../../contracts/storage.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";

let sshd: Sshd;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(() => sshd[Symbol.asyncDispose]());

const config = (directory: string, more: Partial<SftpStorageConfig> = {}): SftpStorageConfig => ({
  host: "127.0.0.1",
  port: sshd.port,
  user: sshd.user,
  hostKey: sshd.hostKeys.ed25519,
  directory,
  ...more,
});

storageContract("sftp", async () => sftpStorage(config(await sshd.newFolder()), { privateKey: sshd.privateKey }));
