import { randomBytes } from "node:crypto";
import { Failure } from "../../domain/errors.ts";

/** The name as it is when it is relative and plain; else ARTIFACT_UNSAFE: it comes from outside, or from a bug. */
export function checkName(name: string): string {
  const plain = name.split("/").every((step) => step !== "" && step !== "." && step !== "..");
  if (!plain || name.includes("\0"))
    throw new Failure("ARTIFACT_UNSAFE", `The name ${JSON.stringify(name)} is not a plain relative name.`, "Nothing was touched.");
  return name;
}

/** A prefix is empty or names a folder, with a slash at its end. */
export function checkPrefix(prefix: string): string {
  if (prefix === "") return prefix;
  if (!prefix.endsWith("/")) throw new Failure("ARTIFACT_UNSAFE", `The prefix ${JSON.stringify(prefix)} does not end in a slash.`);
  checkName(prefix.slice(0, -1));
  return prefix;
}

/** A name for what is being written: it lies beside its target until it is whole, and a listing leaves it out. */
export const partName = () => `.holdfast-${randomBytes(8).toString("hex")}.part`;
export const isPart = (file: string) => /^\.holdfast-[0-9a-f]{16}\.part$/.test(file);
