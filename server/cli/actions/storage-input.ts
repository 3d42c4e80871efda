import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { StorageKind } from "../../../shared/enums.ts";
import { badInput, Failure, messageOf } from "../../domain/errors.ts";
import { ask } from "../asking.ts";
import { type HostKey, hostKeyDocument, type Storage } from "../documents/storages.ts";
import { limitOf, type OrNone } from "../options.ts";
import type { Session } from "../session.ts";

export interface StorageOptions {
  readonly name: string;
  readonly folder?: string;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly accessKeyId?: string;
  readonly secretFile?: string;
  readonly pathStyle?: boolean;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly directory?: string;
  readonly passwordFile?: string;
  readonly privateKeyFile?: string;
  readonly hostKey?: string;
  readonly fingerprint?: string;
  readonly default?: boolean;
  readonly cap?: OrNone;
  readonly speed?: OrNone;
  readonly adopt?: boolean;
}

/** The API's input for a storage: `present` with what the options say otherwise. */
export async function storageInput(session: Session, options: Partial<StorageOptions>, present: Storage | null): Promise<object> {
  const kind = kindOf(options, present);
  const parts = { LOCAL: localPart, S3: s3Part, SFTP: sftpPart } as const;
  return {
    name: options.name ?? present?.name,
    kind,
    ...(await parts[kind](session, options, present?.kind === kind ? present : null)),
    ...(options.default ? { isDefault: true } : {}),
    ...(options.cap === undefined ? {} : { sizeCapBytes: limitOf(options.cap) }),
    ...(options.speed === undefined ? {} : { bytesPerSecond: limitOf(options.speed) }),
    ...(options.adopt ? { adopt: true } : {}),
  };
}

function kindOf({ folder, bucket, host }: Partial<StorageOptions>, present: Storage | null): StorageKind {
  const named: StorageKind[] = [];
  if (folder !== undefined) named.push("LOCAL");
  if (bucket !== undefined) named.push("S3");
  if (host !== undefined) named.push("SFTP");
  const [kind = present?.kind, another] = named;
  if (kind !== undefined && another === undefined) return kind;
  throw badInput("Where is the storage?", "Give one of --folder PATH, --bucket NAME and --host NAME.");
}

const localPart = async (_: Session, { folder }: Partial<StorageOptions>, present: Storage | null) => ({
  local: { directory: folder ?? present?.local?.directory },
});

async function s3Part(_: Session, options: Partial<StorageOptions>, present: Storage | null) {
  const { bucket, prefix, region, endpoint, accessKeyId, pathStyle } = options;
  if (!present && accessKeyId === undefined) throw badInput("Whose key is it?", "Give --access-key-id, and the secret with --secret-file.");
  const given = { bucket, prefix, region, endpoint, accessKeyId, forcePathStyle: pathStyle };
  return { s3: { ...present?.s3, ...withoutGaps(given), ...(await secret("secretAccessKey", options.secretFile)) } };
}

async function sftpPart(session: Session, options: Partial<StorageOptions>, present: Storage | null) {
  const { host, port, user, directory } = options;
  if (!present && (user === undefined || directory === undefined)) throw badInput("Give --user and --directory beside --host.");
  const moved = host !== undefined || port !== undefined;
  const { hostKey: kept, ...before } = { hostKey: undefined, ...present?.sftp };
  const place = { ...before, ...withoutGaps({ host, port, user, directory }) };
  const known = moved && present && !sameServer(place, present) ? undefined : kept;
  const asked =
    options.hostKey ?? (options.fingerprint !== undefined || known === undefined ? await shownKey(session, place, options) : known);
  const secrets = { ...(await secret("password", options.passwordFile)), ...(await secret("privateKey", options.privateKeyFile)) };
  return { sftp: { ...place, hostKey: asked, ...secrets } };
}

const sameServer = (place: Readonly<Record<string, unknown>>, { sftp }: Storage) => place.host === sftp?.host && place.port === sftp?.port;

/** The key that the server shows, when it is the one that was named, or the person at the terminal says that it is. */
async function shownKey(
  session: Session,
  place: Readonly<Record<string, unknown>>,
  { fingerprint }: Partial<StorageOptions>,
): Promise<string> {
  const [host, port] = [String(place.host), Number(place.port ?? 22)];
  const way = `Compare what \`npx holdfast host-key ${host} --port ${port}\` prints with the server's own, and give it by --fingerprint.`;
  if (fingerprint === undefined && !session.canAsk) throw badInput("The server's host key is not known yet.", way);
  const { readHostKey } = await session.holdfast.ask<{ readHostKey: HostKey }>(hostKeyDocument, { host, port });
  if (fingerprint !== undefined) {
    if (readHostKey.fingerprint === fingerprint.trim()) return readHostKey.hostKey;
    throw new Failure("STORAGE_UNAVAILABLE", `${host} shows the key ${readHostKey.fingerprint}, not ${fingerprint}.`, way);
  }
  process.stderr.write(`${host} shows the key ${readHostKey.fingerprint} (${readHostKey.type}).\n`);
  if ((await ask(session, "Is that the server's own? Type yes to go on: ")).trim() === "yes") return readHostKey.hostKey;
  throw new Failure("CANCELLED", "Nothing was touched.");
}

async function secret(name: string, file: string | undefined): Promise<Readonly<Record<string, string>>> {
  if (file === undefined) return {};
  const content = await (file === "-" ? text(process.stdin) : readFile(file, "utf8")).catch((cause: unknown) => {
    throw new Failure("BAD_USER_INPUT", `${file} cannot be read: ${messageOf(cause)}`, undefined, { cause });
  });
  const found = name === "privateKey" ? content : (content.split("\n")[0] ?? "").replace(/\r$/, "");
  if (!found.trim()) throw badInput(`There is nothing in ${file === "-" ? "standard input" : file}.`);
  return { [name]: found };
}

const withoutGaps = (given: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
