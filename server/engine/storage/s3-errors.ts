import { S3ServiceException } from "@aws-sdk/client-s3";
import { Failure, messageOf } from "../../domain/errors.ts";

/** The storage that an error is about, and what may not be shown. */
export interface S3Place {
  /** For example s3://shop-backups/prod at https://s3.example.com. */
  readonly shown: string;
  readonly bucket: string;
  readonly region: string;
  readonly secrets: readonly string[];
  readonly now: () => Date;
}

/** The server's own word for what is wrong; empty where it said none. */
export const codeOf = (error: unknown): string => (error instanceof S3ServiceException ? error.name : "");

/** The status of its answer; null where none came. */
export const statusOf = (error: unknown): number | null =>
  error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? null) : null;

/** Whether the same request may do better: the way was cut, the server is busy, or bytes were damaged on the way. */
export function mayPass(error: unknown): boolean {
  if (error instanceof Failure || refusal(error)) return false;
  const status = statusOf(error);
  if (status === null) return !lastingCalls.test(callOf(error));
  if (status === 501 || status === 507) return false;
  return status >= 500 || status === 408 || status === 429 || passingCodes.has(codeOf(error));
}

const passingCodes: ReadonlySet<string> = new Set([
  "BadDigest",
  "ConditionalRequestConflict",
  "IncompleteBody",
  "OperationAborted",
  "RequestTimeout",
  // The library has set its clock by the answer.
  "RequestTimeTooSkewed",
  "SlowDown",
  "Throttling",
  "XAmzContentSHA256Mismatch",
]);

/** A name that is unknown, or a certificate that is refused, is so again in a second. */
const lastingCalls = /^(ENOTFOUND|ERR_TLS_.*|.*CERT.*|UNABLE_TO_.*|EPROTO|ERR_SSL_.*)$/;

/** The error in words, with what to do about it. Nothing of the library's own error stays, as it holds the whole answer. */
export function explained(error: unknown, place: S3Place): unknown {
  const refused = refusal(error);
  if (refused) return new Failure("STORAGE_UNAVAILABLE", refused.message, refused.hint, { reason: "ENDPOINT_NOT_ALLOWED", cause: refused });
  if (error instanceof Failure) return error;
  const cause = new Error(printable(`${codeOf(error) || callOf(error) || "error"}: ${messageOf(error)}`, place));
  const told = error instanceof S3ServiceException ? answered(error, place) : unreachable(error, place);
  return new Failure(told.code ?? "STORAGE_UNAVAILABLE", told.message, told.hint, {
    cause,
    ...(told.reason ? { reason: told.reason } : {}),
  });
}

interface Told {
  readonly code?: "STORAGE_FULL";
  readonly reason?: string;
  readonly message: string;
  readonly hint: string;
}

function answered(error: S3ServiceException, place: S3Place): Told {
  const { shown } = place;
  const [code, status] = [codeOf(error), statusOf(error) ?? 0];
  if (status >= 300 && status < 400) return redirected(error, place);
  switch (code) {
    case "InvalidAccessKeyId":
      return refusedKey(`The storage ${shown} does not know the access key.`, "Check the access key, or make a new one at the provider.");
    case "SignatureDoesNotMatch":
      return refusedKey(
        `The storage ${shown} refuses the signature: the secret access key is not the one of the access key.`,
        "Enter the secret access key again. A proxy that changes the Host header does this, too.",
      );
    case "ExpiredToken":
    case "TokenRefreshRequired":
    case "InvalidToken":
      return refusedKey(
        `The credentials of the storage ${shown} have expired.`,
        "Make a lasting access key at the provider, and enter it.",
      );
    case "RequestTimeTooSkewed":
    case "RequestExpired":
      return skewed(error, place);
    case "NoSuchBucket":
      return {
        reason: "BUCKET_MISSING",
        message: `The storage ${shown} has no bucket ${place.bucket}.`,
        hint: "Check its name and region, or make the bucket: Holdfast makes none.",
      };
    case "AuthorizationHeaderMalformed":
    case "IllegalLocationConstraintException":
      return wrongRegion(error, place);
    case "EntityTooLarge":
      return {
        code: "STORAGE_FULL",
        message: `The storage ${shown} takes no file as large as this.`,
        hint: "Raise its limit, or choose another storage.",
      };
    case "SlowDown":
    case "Throttling":
      return { reason: "SLOW_DOWN", message: `The storage ${shown} takes no more requests for now.`, hint: "It is tried again by itself." };
  }
  if (status === 507 || /quota|storagefull|insufficientstorage|limitexceeded|capexceeded/i.test(code))
    return {
      code: "STORAGE_FULL",
      message: `The storage ${shown} is full, or its quota is reached${saying(error, place)}.`,
      hint: "Raise the quota, remove old backups, or choose another storage.",
    };
  if (status === 401 || status === 403)
    return {
      reason: "ACCESS_DENIED",
      message: `The storage ${shown} refuses access${saying(error, place)}.`,
      hint: "Let the access key list the bucket, and read, write and delete what is in it.",
    };
  if (status === 429 || status === 503)
    return { reason: "SLOW_DOWN", message: `The storage ${shown} is busy: it answered ${status}.`, hint: "It is tried again by itself." };
  return {
    message: `The storage ${shown} answered ${status}${saying(error, place)}.`,
    hint: "Try again later; look at the server's log if it goes on.",
  };
}

const refusedKey = (message: string, hint: string): Told => ({ reason: "CREDENTIALS_REFUSED", message, hint });

/** The difference between both clocks, as the answer's own date tells it. */
function skewed(error: S3ServiceException, { shown, now }: S3Place): Told {
  const theirs = Date.parse(headersOf(error).date ?? "");
  const seconds = Math.round((now().getTime() - theirs) / 1000);
  const difference = Number.isFinite(seconds) ? `: this machine's is ${spanOf(Math.abs(seconds))} ${seconds < 0 ? "behind" : "ahead"}` : "";
  return {
    reason: "CLOCK_SKEW",
    message: `The storage ${shown} refuses requests because the clocks differ${difference}.`,
    hint: "Set this machine's clock, best by NTP.",
  };
}

const spanOf = (seconds: number) =>
  seconds < 120 ? `${seconds} seconds` : seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;

function redirected(error: S3ServiceException, place: S3Place): Told {
  const to = headersOf(error).location;
  const region = headersOf(error)["x-amz-bucket-region"];
  const ours = codeOf(error) === "PermanentRedirect" || codeOf(error) === "TemporaryRedirect";
  if (region && region !== place.region) return wrongRegion(error, place);
  const host = to && URL.canParse(to) ? ` to ${new URL(to).host}` : "";
  return {
    reason: "REDIRECTED",
    message: `The storage ${place.shown} answered with a redirect${host}, which is not followed.`,
    hint: ours ? "Enter the endpoint and region of the bucket itself." : "Enter the address of the S3 service itself as the endpoint.",
  };
}

function wrongRegion(error: S3ServiceException, place: S3Place): Told {
  const named = headersOf(error)["x-amz-bucket-region"] ?? /expecting '([a-z0-9-]+)'/.exec(error.message)?.[1];
  return {
    reason: "WRONG_REGION",
    message: `The bucket ${place.bucket} is in ${named ? `the region ${printable(named, place)}` : "another region"}, not in ${place.region}.`,
    hint: named ? `Enter ${printable(named, place)} as the region.` : "Enter the region that the provider shows for the bucket.",
  };
}

function unreachable(error: unknown, place: S3Place): Told {
  const { shown } = place;
  const call = callOf(error);
  const [reason, why, hint] = calls[call] ??
    (lastingCalls.test(call) ? calls.CERT : undefined) ?? [
      undefined,
      printable(call || messageOf(error), place),
      "Check the endpoint, and that this machine may connect to it.",
    ];
  return { ...(reason ? { reason } : {}), message: `The storage ${shown} could not be reached: ${why}.`, hint };
}

const network = "Check the endpoint, and that this machine may connect to it.";
const certificate = "Have the server show a valid certificate; give Node the authority's with NODE_EXTRA_CA_CERTS if it is your own.";
const calls: Readonly<Record<string, readonly [string | undefined, string, string]>> = {
  ENOTFOUND: ["HOST_UNKNOWN", "the host name is unknown", "Check the endpoint for typing errors, and the name service of this machine."],
  EAI_AGAIN: ["HOST_UNKNOWN", "the host name could not be looked up", "Check the name service of this machine."],
  ECONNREFUSED: ["CONNECTION_REFUSED", "the connection was refused", "Check that the server runs, and the port."],
  ECONNRESET: ["CONNECTION_LOST", "the connection was cut", network],
  EPIPE: ["CONNECTION_LOST", "the connection was cut", network],
  UND_ERR_SOCKET: ["CONNECTION_LOST", "the connection was cut", network],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ["CONNECTION_LOST", "its answer was cut short", network],
  UND_ERR_CONNECT_TIMEOUT: ["NO_ANSWER", "no connection in time", network],
  UND_ERR_HEADERS_TIMEOUT: ["NO_ANSWER", "it took nothing more and gave no answer in time", network],
  UND_ERR_BODY_TIMEOUT: ["NO_ANSWER", "it stopped in the middle of its answer", network],
  TOO_SLOW: ["NO_ANSWER", "it is too slow", "Check the network between this machine and the storage."],
  EHOSTUNREACH: ["NO_ROUTE", "there is no route to the host", network],
  ENETUNREACH: ["NO_ROUTE", "there is no route to the network", network],
  CERT_HAS_EXPIRED: ["CERTIFICATE_REFUSED", "its certificate has expired", certificate],
  CERT_NOT_YET_VALID: ["CERTIFICATE_REFUSED", "its certificate is not valid yet", "Check this machine's clock, and the certificate."],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["CERTIFICATE_REFUSED", "its certificate is self-signed", certificate],
  SELF_SIGNED_CERT_IN_CHAIN: ["CERTIFICATE_REFUSED", "its certificate is self-signed", certificate],
  ERR_TLS_CERT_ALTNAME_INVALID: ["CERTIFICATE_REFUSED", "its certificate names another host", certificate],
  EPROTO: ["CERTIFICATE_REFUSED", "it does not speak TLS there", "Use http:// if the server has no TLS, or its TLS port."],
  ERR_SSL_WRONG_VERSION_NUMBER: [
    "CERTIFICATE_REFUSED",
    "it does not speak TLS there",
    "Use http:// if the server has no TLS, or its TLS port.",
  ],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: [
    "CERTIFICATE_REFUSED",
    "it does not speak TLS there",
    "Use http:// if the server has no TLS, or its TLS port.",
  ],
  CERT: ["CERTIFICATE_REFUSED", "its certificate could not be verified", certificate],
};

/** The code of a failed call to the network, however deep it lies. */
function callOf(error: unknown): string {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (each.name === "TimeoutError") return "TOO_SLOW";
    if ("code" in each && typeof each.code === "string") return each.code;
  }
  return "";
}

/** The guard's refusal, however deep it lies. */
function refusal(error: unknown): Failure | null {
  for (let each: unknown = error; each instanceof Error; each = each.cause)
    if (each instanceof Failure && each.reason === "ENDPOINT_NOT_ALLOWED") return each;
  return null;
}

/** What the server said, on one line and without what is secret. */
const saying = (error: S3ServiceException, place: S3Place) => {
  const words = [codeOf(error), error.message].filter((word) => word && !/^unknown/i.test(word)).join(": ");
  return words ? ` (${printable(words, place)})` : "";
};

function printable(text: string, { secrets }: Pick<S3Place, "secrets">): string {
  const hidden = secrets.reduce((shown, secret) => (secret ? shown.replaceAll(secret, "***") : shown), text);
  return hidden
    .replace(/[\p{Cc}\s]+/gu, " ")
    .slice(0, 300)
    .trim()
    .replace(/\.$/, "");
}

function headersOf(error: S3ServiceException): Readonly<Record<string, string>> {
  return (error.$response?.headers ?? {}) as Readonly<Record<string, string>>;
}
