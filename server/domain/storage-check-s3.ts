import { Failure } from "./errors.ts";
import type { S3StorageConfig } from "./storage.ts";

/** An S3 storage as somebody enters it. */
export interface S3StorageRequest {
  readonly bucket: string;
  readonly prefix?: string | null;
  readonly region?: string | null;
  readonly endpoint?: string | null;
  readonly accessKeyId: string;
  readonly forcePathStyle?: boolean | null;
}

/**
 * The storage as it will be kept, or BAD_USER_INPUT with the field as its reason. Whether the endpoint may be connected to is another
 * question: the guard of endpoints answers it.
 */
export function checkS3Config(request: S3StorageRequest): S3StorageConfig {
  const bucket = checkBucket(request.bucket);
  const endpoint = checkOrigin(request.endpoint ?? "", bucket);
  return {
    bucket,
    prefix: checkPrefix(request.prefix ?? ""),
    region: checkRegion(request.region ?? "", endpoint),
    endpoint,
    accessKeyId: checkAccessKey(request.accessKeyId),
    // Amazon wants the bucket in the host name; its wildcard certificate does not cover one with a dot. Servers of one's own want it in the path.
    forcePathStyle: request.forcePathStyle ?? (endpoint !== null || bucket.includes(".")),
  };
}

/** The secret access key as it will be sealed: one word of printable characters. Nothing of it is in the refusal. */
export function checkS3Secret(text: string): string {
  if (!/^[\x21-\x7e]{1,512}$/.test(text.trim()))
    throw refused(
      "SECRET_ACCESS_KEY",
      "The secret access key is one word of printable characters.",
      "Copy it again from where it was made.",
    );
  return text.trim();
}

const refused = (field: string, message: string, hint?: string) => new Failure("BAD_USER_INPUT", message, hint, { reason: field });

function checkBucket(bucket: string): string {
  const wrong =
    !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) ||
    /\.\.|\.-|-\./.test(bucket) ||
    /^\d+\.\d+\.\d+\.\d+$/.test(bucket) ||
    bucket.startsWith("xn--");
  if (wrong)
    throw refused(
      "BUCKET",
      `Bucket: ${shown(bucket)} is not a bucket's name.`,
      "It has 3 to 63 lower-case letters, digits, hyphens and single dots, begins and ends with a letter or digit, and is no IP address. A folder in the bucket goes into the prefix.",
    );
  return bucket;
}

/** Names below the prefix must fit into the 1,024 bytes of a key. */
const prefixBytes = 512;

function checkPrefix(text: string): string {
  const hint = "For example backups/shop. It may be left empty.";
  if (/\p{Cc}|\p{Zl}|\p{Zp}/u.test(text) || !text.isWellFormed())
    throw refused("PREFIX", "Prefix: it holds a line break or another control character.", hint);
  const prefix = text.trim() === "/" ? "" : text.trim().replace(/^\/(?!\/)|(?<!\/)\/$/g, "");
  if (prefix === "") return "";
  const steps = prefix.split("/");
  if (steps.some((step) => step === "")) throw refused("PREFIX", `Prefix: ${shown(text)} has two slashes side by side.`, hint);
  if (steps.some((step) => step === "." || step === ".."))
    throw refused("PREFIX", `Prefix: ${shown(text)} has a step . or .., which object keys do not know.`, hint);
  if (prefix.includes("\\")) throw refused("PREFIX", `Prefix: ${shown(text)} has a backslash. Steps are parted by /.`, hint);
  if (Buffer.byteLength(prefix) > prefixBytes) throw refused("PREFIX", `Prefix: it is longer than ${prefixBytes} bytes.`, hint);
  return prefix;
}

function checkRegion(text: string, endpoint: string | null): string {
  const region = text.trim() || regionOf(endpoint);
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/.test(region))
    throw refused(
      "REGION",
      `Region: ${shown(region)} is not a region's name.`,
      "For example eu-central-1. Servers of your own usually take us-east-1.",
    );
  return region;
}

/** What the big providers say with the host name; us-east-1 is what all others take. */
function regionOf(endpoint: string | null): string {
  const host = endpoint ? new URL(endpoint).hostname : "";
  if (host.endsWith(".r2.cloudflarestorage.com")) return "auto";
  const named = /(?:^|\.)s3[.-]([a-z]{2}(?:-[a-z]+)+-\d+)\.(?:amazonaws|backblazeb2|wasabisys|scw)\./.exec(`${host}.`);
  return named?.[1] ?? "us-east-1";
}

function checkOrigin(text: string, bucket: string): string | null {
  const given = text.trim();
  if (given === "") return null;
  const hint = "For example https://s3.example.com:9000. Leave it empty for Amazon S3.";
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    throw refused("ENDPOINT", `Endpoint: ${shown(given)} is not an address that begins with https:// or http://.`, hint);
  if (url.username || url.password)
    throw refused("ENDPOINT", "Endpoint: it holds a user name or a password.", "Leave them out: the access key has fields of its own.");
  if (url.pathname !== "/" || url.search || url.hash)
    throw refused(
      "ENDPOINT",
      `Endpoint: ${shown(given)} has something after the host.`,
      "The bucket and the folder in it have fields of their own.",
    );
  if (url.hostname.startsWith(`${bucket}.`))
    throw refused(
      "ENDPOINT",
      `Endpoint: ${shown(given)} begins with the bucket's name.`,
      `Enter it without: ${url.origin.replace(`${bucket}.`, "")}.`,
    );
  return url.origin;
}

function checkAccessKey(text: string): string {
  const key = text.trim();
  // A slash or a comma would end it early in the signature's header.
  if (!/^[\x21-\x7e]{1,256}$/.test(key) || /[,/"]/.test(key))
    throw refused("ACCESS_KEY_ID", "Access key: it is one word of letters, digits and signs.", "Copy it again from where it was made.");
  return key;
}

const shown = (text: string) => JSON.stringify(text.slice(0, 120));
