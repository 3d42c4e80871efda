import { readFile, writeFile } from "node:fs/promises";
import { badInput, Failure, messageOf } from "../../domain/errors.ts";
import * as documents from "../documents/settings.ts";
import { answer } from "../output.ts";
import type { Session } from "../session.ts";

export interface ConfigurationOptions {
  readonly passphraseFile?: string;
  readonly output?: string;
  readonly dryRun?: boolean;
}

/** export-configuration: on standard output, or into a file for its owner's eyes. */
export async function exportAll(session: Session, { passphraseFile, output }: ConfigurationOptions): Promise<void> {
  const passphrase = await passphraseIn(passphraseFile);
  const { exportConfiguration } = await session.holdfast.ask<{ exportConfiguration: { filename: string; content: string } }>(
    documents.exportDocument,
    { passphrase },
  );
  const { filename, content } = exportConfiguration;
  if (output === undefined) return answer(session, exportConfiguration, content.trimEnd());
  await writeFile(output, content, { mode: 0o600, flag: "wx" }).catch((cause: unknown) => {
    throw new Failure("BAD_USER_INPUT", `${output} cannot be written: ${messageOf(cause)}`, undefined, { cause });
  });
  answer(session, { filename, output }, `Written to ${output}.`);
}

/** import-configuration: exit status 1 when something stands in the way. */
export async function importAll(session: Session, path: string, { passphraseFile, dryRun = false }: ConfigurationOptions): Promise<void> {
  const [content, passphrase] = [await textOf(path), await passphraseIn(passphraseFile)];
  const { importConfiguration: plan } = await session.holdfast.ask<{ importConfiguration: documents.ImportPlan }>(
    documents.importDocument,
    {
      content,
      passphrase,
      dryRun,
    },
  );
  if (plan.problems.length > 0) process.exitCode = 1;
  const lines = [
    ...plan.created,
    ...plan.changed,
    ...plan.problems.map((problem) => `In the way: ${problem}`),
    `${plan.unchanged.length} unchanged. ${plan.applied ? "Applied." : "Nothing was touched."}`,
  ];
  answer(session, plan, lines.join("\n"));
}

async function passphraseIn(file: string | undefined): Promise<string | null> {
  if (file === undefined) return null;
  const [passphrase = ""] = (await textOf(file)).split("\n");
  if (!passphrase.trim()) throw badInput(`There is no passphrase in ${file}.`, "It stands alone on the first line.");
  return passphrase.trim();
}

const textOf = (path: string) =>
  readFile(path, "utf8").catch((cause: unknown) => {
    throw new Failure("BAD_USER_INPUT", `${path} cannot be read: ${messageOf(cause)}`, undefined, { cause });
  });
