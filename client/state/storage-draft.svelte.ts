import type { StorageKind } from "../../shared/enums.ts";
import type { S3StorageInput, SftpStorageInput, StorageDetailFragment, StorageInput } from "../graphql/generated.ts";
import { endpointFault, endpointOf, providerNamed, providerOf } from "../lib/s3-providers.ts";

const [gigabyte, megabyte] = [1_000_000_000, 1_000_000];
const secret = (name: string, typed: string) => (typed.trim() === "" ? {} : { [name]: typed });

/** A storage being written: what the form binds to, and the input that it makes. */
export class StorageDraft {
  readonly id: string | undefined;
  readonly wasDefault: boolean;
  readonly usedBytes: number;
  /** Its mark was not found: another disk may lie in its place. */
  readonly unmarked: boolean;
  readonly s3: S3Draft;
  readonly sftp: SftpDraft;
  kind = $state<StorageKind>("LOCAL");
  name = $state("");
  directory = $state("");
  isDefault = $state(false);
  capped = $state(false);
  /** In GB, as the form shows it. */
  capGigabytes = $state<number | null>(100);
  slowed = $state(false);
  /** Take what lies there now for this storage, though its mark is gone or another's. */
  adopt = $state(false);
  megabytesPerSecond = $state<number | null>(10);

  constructor(storage: StorageDetailFragment | null) {
    this.id = storage?.id;
    this.wasDefault = storage?.isDefault ?? false;
    this.usedBytes = storage?.usedBytes ?? 0;
    this.unmarked = storage?.problem?.reason === "STORAGE_NOT_MOUNTED";
    this.s3 = new S3Draft(storage?.s3 ?? null);
    this.sftp = new SftpDraft(storage?.sftp ?? null);
    if (!storage) return;
    this.kind = storage.kind;
    this.name = storage.name;
    this.directory = storage.local?.directory ?? "";
    this.isDefault = storage.isDefault;
    this.capped = storage.sizeCapBytes !== null;
    if (storage.sizeCapBytes !== null) this.capGigabytes = storage.sizeCapBytes / gigabyte;
    this.slowed = storage.bytesPerSecond !== null;
    if (storage.bytesPerSecond !== null) this.megabytesPerSecond = storage.bytesPerSecond / megabyte;
  }

  /** What still has to be filled in before it can be tried or saved, as a sentence; null when nothing has. */
  get missing(): string | null {
    if (this.kind === "S3") return this.s3.missing;
    if (this.kind === "SFTP") return this.sftp.missing;
    return this.directory.trim() === "" ? "Name the folder." : null;
  }

  get input(): StorageInput {
    const bytes = (on: boolean, value: number | null, unit: number) => (on && value !== null ? Math.round(value * unit) : null);
    return {
      name: this.name.trim(),
      kind: this.kind,
      local: this.kind === "LOCAL" ? { directory: this.directory.trim() } : null,
      s3: this.kind === "S3" ? this.s3.input : null,
      sftp: this.kind === "SFTP" ? this.sftp.input : null,
      isDefault: this.isDefault,
      ...(this.adopt ? { adopt: true } : {}),
      sizeCapBytes: bytes(this.capped, this.capGigabytes, gigabyte),
      bytesPerSecond: bytes(this.slowed, this.megabytesPerSecond, megabyte),
    };
  }
}

class S3Draft {
  readonly kept: boolean;
  endpoint = $state("");
  bucket = $state("");
  prefix = $state("");
  accessKeyId = $state("");
  secretAccessKey = $state("");
  forcePathStyle = $state(false);
  #provider = $state("aws");
  #region = $state("");

  fault = $derived(endpointFault(this.endpoint.trim()));

  constructor(kept: StorageDetailFragment["s3"]) {
    this.kept = kept !== null;
    this.provider = "aws";
    if (!kept) return;
    this.#provider = providerOf(kept.endpoint).value;
    this.#region = kept.region;
    this.endpoint = kept.endpoint ?? "";
    this.bucket = kept.bucket;
    this.prefix = kept.prefix;
    this.accessKeyId = kept.accessKeyId;
    this.forcePathStyle = kept.forcePathStyle;
  }

  get provider(): string {
    return this.#provider;
  }

  /** Fills in what the provider makes of it. */
  set provider(value: string) {
    const chosen = providerNamed(value);
    this.#provider = value;
    this.#region = chosen.region;
    this.endpoint = endpointOf(chosen, chosen.region);
    this.forcePathStyle = chosen.forcePathStyle;
  }

  get region(): string {
    return this.#region;
  }

  /** An endpoint that nobody wrote by hand follows the region. */
  set region(region: string) {
    const chosen = providerNamed(this.#provider);
    if (this.endpoint === endpointOf(chosen, this.#region)) this.endpoint = endpointOf(chosen, region);
    this.#region = region;
  }

  get missing(): string | null {
    if (this.fault) return this.fault;
    if (this.bucket.trim() === "") return "Name the bucket.";
    if (this.accessKeyId.trim() === "") return "Write the access key.";
    return this.secretAccessKey.trim() === "" && !this.kept ? "Write the secret key." : null;
  }

  get input(): S3StorageInput {
    return {
      bucket: this.bucket.trim(),
      prefix: this.prefix.trim() || null,
      region: this.#region.trim() || null,
      endpoint: this.endpoint.trim() || null,
      accessKeyId: this.accessKeyId.trim(),
      forcePathStyle: this.forcePathStyle,
      ...secret("secretAccessKey", this.secretAccessKey.trim()),
    };
  }
}

class SftpDraft {
  readonly kept: { readonly password: boolean; readonly privateKey: boolean };
  host = $state("");
  port = $state<number | null>(22);
  user = $state("");
  directory = $state("");
  signIn = $state<"password" | "key">("key");
  password = $state("");
  privateKey = $state("");
  hostKey = $state("");
  fingerprint = $state("");
  /** The machine that showed the pinned key. */
  #pinnedAt = $state("");

  address = $derived(`${this.host.trim()}:${this.port ?? 22}`);
  /** A key that another machine showed is not this one's. */
  pinned = $derived(this.hostKey !== "" && this.#pinnedAt === this.address);

  constructor(kept: StorageDetailFragment["sftp"]) {
    this.kept = { password: kept?.passwordSet ?? false, privateKey: kept?.privateKeySet ?? false };
    if (!kept) return;
    this.host = kept.host;
    this.port = kept.port;
    this.user = kept.user;
    this.directory = kept.directory;
    this.signIn = kept.passwordSet && !kept.privateKeySet ? "password" : "key";
    this.pin(kept);
  }

  pin({ hostKey, fingerprint }: { readonly hostKey: string; readonly fingerprint: string }) {
    this.hostKey = hostKey;
    this.fingerprint = fingerprint;
    this.#pinnedAt = this.address;
  }

  get missing(): string | null {
    if (this.host.trim() === "") return "Name the machine.";
    if (this.user.trim() === "" || this.directory.trim() === "") return "Name the user and the folder.";
    if (!this.pinned) return "Read the host key, compare it and pin it.";
    if (this.signIn === "password") return this.password === "" && !this.kept.password ? "Write the password." : null;
    return this.privateKey.trim() === "" && !this.kept.privateKey ? "Put in the private key." : null;
  }

  get input(): SftpStorageInput {
    return {
      host: this.host.trim(),
      port: this.port ?? 22,
      user: this.user.trim(),
      hostKey: this.hostKey,
      directory: this.directory.trim(),
      ...(this.signIn === "password" ? secret("password", this.password) : secret("privateKey", this.privateKey)),
    };
  }
}
