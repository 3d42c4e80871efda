import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../../domain/errors.ts";
import type { Finding, Inspection } from "../../domain/inspection.ts";
import { spawnTool } from "../process.ts";
import { isMisnamed } from "./detect.ts";

export interface InspectRequest {
  readonly path: string;
  /** As it was called where it came from; only compared with the content. */
  readonly filename: string;
  /** The most that it may unpack to. */
  readonly roomBytes: number;
}

/** A hundred thousand tables are some 20 MB. */
const mostBytes = 256 * 1024 * 1024;

/** Inspects a file in a process of its own. Refusals are findings of the answer; rejects only when it could not be inspected. */
export async function inspectUpload({ path, filename, roomBytes }: InspectRequest, signal: AbortSignal): Promise<Inspection> {
  const script = fileURLToPath(new URL(`./inspect-child${extname(import.meta.url)}`, import.meta.url));
  await using child = spawnTool(process.execPath, ["--max-old-space-size=512", script, path, String(roomBytes)], {
    stdout: "pipe",
    signal,
  });
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of child.stdout ?? []) {
    size += piece.length;
    if (size > mostBytes) throw new Error("The inspection's answer is too long");
    pieces.push(piece);
  }
  const { code, signal: killed, stderr } = await child.exited;
  signal.throwIfAborted();
  if (code !== 0)
    throw new Failure(
      "INTERNAL",
      `The upload could not be inspected: the process that reads it ended with ${killed ?? `exit status ${code}`}.`,
      "Check the machine's memory and the log, and send the file again.",
      { cause: new Error(stderr.slice(-2000)) },
    );
  // Written by inspect-child.ts just now.
  const inspection = JSON.parse(Buffer.concat(pieces).toString()) as Inspection;
  if (!inspection.format || !isMisnamed(filename, inspection.format)) return inspection;
  return { ...inspection, findings: [...inspection.findings, misnamed(inspection.format)] };
}

const misnamed = (format: string): Finding => ({
  reason: "TYPE_MISMATCH",
  severity: "NOTE",
  message: `The file's name promises something else than it is: by its content it is ${format}.`,
  hint: null,
  line: null,
  entry: null,
  rewrite: null,
});
