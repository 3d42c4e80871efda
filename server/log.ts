import pino, { type DestinationStream, type Logger } from "pino";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** The process's log and the way to keep a secret out of it. */
export interface Log {
  readonly log: Logger;
  /** From now on this value is shown nowhere in the log. Values under 4 characters are too common to hide. */
  conceal(secret: string): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly secrets?: readonly string[];
  /** Standard output when left out. */
  readonly destination?: DestinationStream;
}

/** Objects deeper than this are left out, so that a whole request or connection never lands in a line. */
const deepest = 5;
const hidden = "[secret]";
const secretKey = /(password|passwd|passphrase|secret|token|authorization|cookie|credential|apikey|privatekey)s?$/i;

/**
 * Opens the log: JSON lines with `level`, `time` (ISO 8601, UTC) and `msg`. Values under the names of secrets, the values told to
 * `conceal`, passwords in URLs and bearer tokens are replaced, in messages and errors too.
 */
export function openLog({ level, secrets = [], destination = pino.destination({ fd: 1, sync: true }) }: LogOptions): Log {
  const concealed = new Set<string>();
  let patterns: readonly string[] = [];
  const conceal = (secret: string) => {
    if (secret.length < 4) return;
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) concealed.add(form);
    // The longest first: one secret may be a part of another.
    patterns = [...concealed].sort((a, b) => b.length - a.length);
  };
  for (const secret of secrets) conceal(secret);
  const clean = (value: unknown) => redacted(value, patterns, 0);
  const log = pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Errors are plain objects by then.
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod(args, method) {
          const first: unknown = args[0];
          const named = first instanceof Error ? [{ err: first }, ...(args.length > 1 ? args.slice(1) : [first.message])] : args;
          method.apply(this, named.map(clean) as Parameters<typeof method>);
        },
      },
    },
    destination,
  );
  // Pino lets a child's fields past every hook.
  const { child } = log;
  log.child = function (this: Logger, fields: pino.Bindings) {
    return child.call(this, clean(fields) as pino.Bindings);
  } as typeof log.child;
  return { log, conceal };
}

function redacted(value: unknown, patterns: readonly string[], depth: number): unknown {
  if (typeof value === "string") return withoutSecrets(value, patterns);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (depth >= deepest) return "[deeper]";
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return redacted(describe(value), patterns, depth);
  if (Array.isArray(value)) return value.map((each) => redacted(each, patterns, depth + 1));
  if ("toJSON" in value && typeof value.toJSON === "function") return redacted(value.toJSON(), patterns, depth + 1);
  const entries = value instanceof Map ? [...value] : value instanceof Set ? [...value].entries() : Object.entries(value);
  const result: Record<string, unknown> = {};
  for (const [key, each] of entries) {
    const name = withoutSecrets(String(key), patterns);
    result[name] = isSecret(name, each) ? hidden : redacted(each, patterns, depth + 1);
  }
  return result;
}

/** Whether a value stands under the name of a secret. Flags such as `hasPassword` say nothing. */
const isSecret = (key: string, value: unknown) =>
  secretKey.test(key.replaceAll(/[-_]/g, "")) && value !== null && value !== undefined && typeof value !== "boolean";

/** What is told of an error: never the statement or the settings that libraries hang on theirs. */
function describe(error: Error) {
  const { code, reason, hint, cause } = error as Error & { code?: unknown; reason?: unknown; hint?: unknown };
  return { type: error.name, message: error.message, code, reason, hint, stack: error.stack, cause };
}

function withoutSecrets(text: string, patterns: readonly string[]): string {
  let clean = text;
  for (const pattern of patterns) clean = clean.replaceAll(pattern, hidden);
  return clean.replaceAll(/(\w:\/\/[^\s:@/]*:)[^\s@/]+@/g, `$1${hidden}@`).replaceAll(/\b(Bearer|Basic) [\w.~+/=-]+/g, `$1 ${hidden}`);
}
