import { formatBytes } from "../../../shared/format.ts";
import { Failure } from "../../domain/errors.ts";

/** The server as a person knows it: `nas.lan:22`. */
export const serverName = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

/** What an SFTP server answers with; further numbers are of newer versions of the protocol, and sent by some all the same. */
export const status = {
  endOfFile: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
  fileExists: 11,
  writeProtected: 12,
  noSpace: 14,
  quotaExceeded: 15,
} as const;

/** The status of a failed call; null when the server did not answer it. */
export const statusOf = (error: unknown): number | null =>
  error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : null;

/** Whether the server says that it does not know such a request, or the library that the server never named it. */
export const isUnsupported = (error: unknown): boolean =>
  statusOf(error) === status.unsupported || (error instanceof Error && /does not support this extended request/.test(error.message));

const unavailable = (message: string, hint: string, reason: string, cause?: unknown) =>
  new Failure("STORAGE_UNAVAILABLE", message, hint, { reason, ...(cause === undefined ? {} : { cause }) });

/** The connection could not be made. */
export function unreachable(server: string, error: unknown): Failure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const [what, hint, reason] = ways[code] ?? ["cannot be reached", "Check the network between this machine and the server.", "UNREACHABLE"];
  return unavailable(`The SFTP server ${server} ${what}.`, hint, reason, error);
}

const ways: Readonly<Record<string, readonly [string, string, string]>> = {
  ECONNREFUSED: ["refuses the connection", "Look whether its SSH service runs, and whether the port is right.", "CONNECTION_REFUSED"],
  ENOTFOUND: ["is not known by that name", "Check the host name, or enter the address.", "HOST_UNKNOWN"],
  EAI_AGAIN: ["could not be looked up: the name service does not answer", "Check this machine's name service (DNS).", "LOOKUP_FAILED"],
  ETIMEDOUT: ["does not answer", "Look whether it is switched on, and whether a firewall lets this machine through.", "TIMED_OUT"],
  EHOSTUNREACH: ["cannot be reached: there is no way to it", "Check the network between this machine and the server.", "UNREACHABLE"],
  ENETUNREACH: ["cannot be reached: there is no way to its network", "Check this machine's network.", "UNREACHABLE"],
};

export const silent = (server: string, seconds: number) =>
  unavailable(
    `The SFTP server ${server} has not answered for ${seconds} s.`,
    "Look whether it is switched on and not overloaded, and whether a firewall lets this machine through.",
    "TIMED_OUT",
  );

export const lost = (server: string, cause?: unknown) =>
  unavailable(
    `The connection to the SFTP server ${server} was lost.`,
    "It is made anew by itself. If this happens often, look into the server's log.",
    "CONNECTION_LOST",
    cause,
  );

export const notSsh = (server: string, cause: unknown) =>
  unavailable(
    `The server ${server} and Holdfast could not agree on a connection.`,
    "Look whether an SSH server of this decade answers at that port.",
    "HANDSHAKE_FAILED",
    cause,
  );

export const withoutSftp = (server: string, cause: unknown) =>
  unavailable(
    `The server ${server} lets the account in, but does not offer SFTP to it.`,
    "Allow SFTP for the account: in OpenSSH's sshd_config, Subsystem sftp internal-sftp.",
    "SFTP_NOT_OFFERED",
    cause,
  );

export const keyChanged = (server: string, pinned: string, shown: string | null) =>
  unavailable(
    `The SFTP server ${server} shows another host key: ${shown ?? "none of the kept kind"} instead of ${pinned}. Nothing was sent to it.`,
    "If the server was set up anew, compare the fingerprint there (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) and pin the new key in the storage's settings. If not, another machine may be posing as it.",
    "HOST_KEY_CHANGED",
  );

/** The account was not let in. `tried` and `offered` are ways of signing in, such as password. */
export const notLetIn = (server: string, user: string, tried: readonly string[], offered: readonly string[]) =>
  unavailable(
    tried.length > 0
      ? `The SFTP server ${server} refuses the user ${user} with this ${tried.join(" and this ")}.`
      : `The SFTP server ${server} offers no way to sign in with what is kept for the user ${user}.`,
    `It takes: ${offered.join(", ") || "nothing that it tells"}. ${
      offered.includes("publickey") && !tried.includes("private key")
        ? "Give it a private key."
        : "Check the user, and that the public key is in its authorized_keys or the password is right."
    }`,
    "AUTHENTICATION_REFUSED",
  );

export const directoryMissing = (server: string, directory: string) =>
  unavailable(
    `The directory ${directory} is not there on the SFTP server ${server}.`,
    "Mount its disk there, or make the directory, and try again.",
    "DIRECTORY_MISSING",
  );

export const conflict = (path: string) =>
  new Failure("CONFLICT", `The storage already holds ${path}.`, "Nothing was overwritten. Remove that file first if it is not needed.");

/** What a refused call means. `doing` says what was tried, such as `writing /backups/x`; `free` are the bytes left, where known. */
export function refusedCall(server: string, doing: string, error: unknown, free: number | null): unknown {
  const code = statusOf(error);
  switch (code) {
    case null:
      return error;
    case status.noSuchFile:
      return unavailable(`The SFTP server ${server} has not what is needed for ${doing}.`, "It was removed meanwhile.", "GONE", error);
    case status.permissionDenied:
    case status.writeProtected:
      return unavailable(
        `The SFTP server ${server} denies ${doing}.`,
        "Give the account read, write and search rights on the storage's directory.",
        "PERMISSION_DENIED",
        error,
      );
    case status.quotaExceeded:
      return new Failure(
        "STORAGE_FULL",
        `The account's quota on the SFTP server ${server} is used up.`,
        "Raise it or remove old backups.",
        {
          cause: error,
        },
      );
    case status.noSpace:
      return fullDisk(server, free, error);
    default:
      // The protocol has no word for a full disk: the server says "failure", and its free space says why.
      if (code === status.failure && free !== null && free < nothingBytes) return fullDisk(server, free, error);
      return unavailable(
        `The SFTP server ${server} failed at ${doing}: ${error instanceof Error ? error.message : "no reason given"}.`,
        "Its log says why. A disk that is read-only or failing, and a quota, look like this.",
        "CALL_FAILED",
        error,
      );
  }
}

/** Less than this is none: what is asked for is more. */
const nothingBytes = 1024 * 1024;

const fullDisk = (server: string, free: number | null, cause: unknown) =>
  new Failure(
    "STORAGE_FULL",
    `The disk of the SFTP server ${server} is full${free === null ? "" : `: ${formatBytes(free)} are free`}.`,
    "Free some space there, remove old backups, or choose another storage.",
    { cause },
  );
