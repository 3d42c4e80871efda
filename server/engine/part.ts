import type { Readable } from "node:stream";
import type { Compression, LogLevel } from "../../shared/enums.ts";
import type { Connection } from "../domain/connection.ts";
import type { Packed } from "../domain/manifest.ts";

/** How far a part is: uncompressed bytes so far, and the table or file being worked on. */
export interface PartProgress {
  readonly bytes: number;
  readonly item: string | null;
}

/**
 * One part of a source being read. `bytes` are the compressed bytes to store; they end only after the part's success
 * gate passed, and are destroyed with the Failure otherwise, so whoever stores them never commits half a part.
 */
export interface PartReader<Summary> {
  readonly bytes: Readable;
  progress(): PartProgress;
  /** What is inside of `bytes` that come encrypted already, null of others; asked for at their end. */
  inside?(): Packed | null;
  /** Settles with `bytes`; the uncompressed size and what was found in the stream. Aborting the signal rejects it. */
  readonly done: Promise<{ readonly size: number; readonly summary: Summary }>;
}

/** What a driver tells its operation besides progress. */
export type Say = (level: LogLevel, message: string) => void;

/** What every long call of the engine takes. */
export interface Running {
  /** Cancel, a lost lease and shutdown all arrive by it. */
  readonly signal: AbortSignal;
  readonly say: Say;
}

/** Compression as asked for: the level is the tool's own scale. */
export interface Packing {
  readonly compression: Compression;
  readonly level: number;
}

/** Opens an artifact's stored bytes from the start; may be called more than once. */
export type OpenArtifact = () => Promise<Readable>;

/** The client programs found on this machine. */
export interface ClientTools {
  readonly flavour: "mariadb" | "mysql";
  readonly dump: string;
  readonly client: string;
  /** The client's version, such as 10.11.18. */
  readonly version: string;
  /** Options of the client that this version knows and that shut shell and client commands off. */
  readonly restrictions: readonly string[];
  /** Options of both programs for a connection with verified TLS, and for one without. */
  readonly tlsOptions: readonly string[];
  readonly plainOptions: readonly string[];
  /** Options that only this version of the dump program knows and that we always want. */
  readonly dumpOptions: readonly string[];
}

export type { Connection };
