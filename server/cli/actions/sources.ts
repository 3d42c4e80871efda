import { formatBytes, formatCount } from "../../../shared/format.ts";
import { engineWords, mediaWords } from "../../../shared/load-words.ts";
import { badInput, notFound } from "../../domain/errors.ts";
import { type Source, sourcesDocument, updateSourceDocument } from "../documents/definitions.ts";
import { limitOf, type OrNone } from "../options.ts";
import { answer } from "../output.ts";
import type { Session } from "../session.ts";

export interface SourceOptions {
  readonly engine?: string;
  readonly mediaMode?: string;
  readonly threads?: OrNone;
  readonly speed?: OrNone;
  readonly lowPriority?: boolean;
}

type Changed = Pick<Source, "id" | "name" | "databaseEngine" | "mediaMode" | "threads" | "bytesPerSecond" | "lowPriority">;

/** update-source. */
export async function update(
  session: Session,
  given: string,
  { engine, mediaMode, threads, speed, lowPriority }: SourceOptions,
): Promise<void> {
  if ([engine, mediaMode, threads, speed, lowPriority].every((option) => option === undefined))
    throw badInput("Nothing to change was given.", "See `npx holdfast help update-source`.");
  const { sources } = await session.holdfast.ask<{ sources: readonly Source[] }>(sourcesDocument);
  const source = sources.find(({ id }) => id === given) ?? sources.find(({ name }) => name === given);
  if (!source) throw notFound("source", given);
  const { name, database, mediaPaths, excludePatterns } = source;
  const input = {
    ...{ name, database, mediaPaths, excludePatterns },
    ...{ databaseEngine: engine?.toUpperCase(), mediaMode: mediaMode?.toUpperCase(), lowPriority },
    ...(threads === undefined ? {} : { threads: limitOf(threads) }),
    ...(speed === undefined ? {} : { bytesPerSecond: limitOf(speed) }),
  };
  const { updateSource } = await session.holdfast.ask<{ updateSource: Changed }>(updateSourceDocument, { id: source.id, input });
  answer(session, updateSource, described(updateSource, source));
}

const described = (
  { name, databaseEngine, mediaMode, threads, bytesPerSecond, lowPriority }: Changed,
  { database, mediaPaths }: Source,
): string =>
  `${name}: ${[
    ...(database ? [`its database is read ${engineWords[databaseEngine]}`] : []),
    ...(mediaPaths.length > 0 ? [`its media are kept ${mediaWords[mediaMode]}`] : []),
    threads === null ? "one thread for each core, four at most" : `${formatCount(threads, "thread")} at most`,
    bytesPerSecond === null ? "no limit of speed" : `at most ${formatBytes(bytesPerSecond)} a second`,
    lowPriority ? "giving way to all else" : "taking turns with all else",
  ].join(", ")}.`;
