import type { Command } from "commander";
import type { StorageOptions } from "../actions/storage-input.ts";
import { bytesOrNone, examples, json, wholeNumber } from "../options.ts";
import type { CommonOptions, InSession } from "../session.ts";

const actions = () => import("../actions/storages.ts");
const id = "0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a";

/** list-storages, create-storage, update-storage, check-storage, delete-storage and host-key. */
export function storageCommands(program: Command, inSession: InSession): void {
  program
    .command("list-storages")
    .alias("storages")
    .description("list where backups are kept, with what is used and free, and what is wrong with them")
    .addOption(json())
    .addHelpText("after", examples("list-storages", "storages --json"))
    .action((options: CommonOptions) => inSession(options, async (session) => (await actions()).list(session)));

  placed(program.command("create-storage"))
    .description("make a storage: a folder, a bucket, or a folder on an SFTP server; it is tried out first")
    .requiredOption("--name <text>", "what it is called")
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "create-storage --name Disk --folder /mnt/backups",
        "create-storage --name Bucket --bucket shop-backups --region eu-central-1 --access-key-id AKIA… --secret-file key.txt",
        "create-storage --name Nas --host nas.lan --user backup --directory /backups --private-key-file id_ed25519 --fingerprint SHA256:…",
      ),
    )
    .action((options: StorageOptions & CommonOptions) => inSession(options, async (session) => (await actions()).create(session, options)));

  placed(program.command("update-storage"))
    .description("change a storage; what is left out stays, secrets too where server and account do")
    .argument("<storage>", "its id or its name")
    .option("--name <text>", "what it is called")
    .option("--adopt", "take what lies there now for this storage, though its mark is missing or another's")
    .addOption(json())
    .addHelpText(
      "after",
      examples(`update-storage ${id} --speed 5000000`, "update-storage Nas --password-file -", "update-storage Disk --adopt"),
    )
    .action((storage: string, options: Partial<StorageOptions> & CommonOptions) =>
      inSession(options, async (session) => (await actions()).update(session, storage, options)),
    );

  program
    .command("check-storage")
    .description("write, read, list and remove on a storage, or on all; exit status 1 where one cannot be used")
    .argument("[storage]", "its id or its name")
    .addOption(json())
    .addHelpText("after", examples("check-storage", "check-storage Nas"))
    .action((storage: string | undefined, options: CommonOptions) =>
      inSession(options, async (session) => (await actions()).check(session, storage)),
    );

  program
    .command("delete-storage")
    .description("forget a storage that holds no backup; what else lies there stays; asks first")
    .argument("<storage>", "its id or its name")
    .option("--yes", "do not ask")
    .addOption(json())
    .addHelpText("after", examples("delete-storage Nas --yes"))
    .action((storage: string, options: { yes?: boolean } & CommonOptions) =>
      inSession(options, async (session) => (await actions()).remove(session, storage, options)),
    );

  program
    .command("host-key")
    .description("read the public key that an SFTP server shows, to be compared with the server's own; nothing is signed in")
    .argument("<host>", "its name or address")
    .option("--port <n>", "its port", wholeNumber(1, 65_535), 22)
    .addOption(json())
    .addHelpText("after", examples("host-key nas.lan", "host-key nas.lan --port 2222"))
    .action((host: string, options: { port: number } & CommonOptions) =>
      inSession(options, async (session) => (await actions()).hostKey(session, host, options.port)),
    );
}

/** Where a storage is, by its kind. Secrets come from files, or with - from standard input. */
const placed = (command: Command): Command =>
  command
    .option("--folder <path>", "a folder on this machine")
    .option("--bucket <name>", "S3: the bucket")
    .option("--prefix <path>", "S3: the folder in it")
    .option("--region <name>", "S3: such as eu-central-1")
    .option("--endpoint <url>", "S3: such as https://minio.example.com:9000; Amazon's own when left out")
    .option("--access-key-id <id>", "S3: whose key it is")
    .option("--secret-file <file>", "S3: where the secret access key stands; - for standard input")
    .option("--path-style", "S3: the bucket in the path")
    .option("--no-path-style", "S3: the bucket in the host name")
    .option("--host <name>", "SFTP: the server")
    .option("--port <n>", "SFTP: its port", wholeNumber(1, 65_535))
    .option("--user <name>", "SFTP: the account")
    .option("--directory <path>", "SFTP: the folder there")
    .option("--password-file <file>", "SFTP: where the password stands; - for standard input")
    .option("--private-key-file <file>", "SFTP: the private key, without a passphrase; - for standard input")
    .option("--host-key <key>", "SFTP: the server's public key, as `host-key` prints it")
    .option("--fingerprint <text>", "SFTP: instead of --host-key; the key that the server shows has to have it")
    .option("--default", "backups go there when nothing else is said")
    .option("--cap <bytes>", "what its backups may take; none takes the cap away", bytesOrNone)
    .option("--speed <bytes>", "what is sent or read in a second; none takes the limit away", bytesOrNone);
