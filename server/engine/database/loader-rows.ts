import { Readable } from "node:stream";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { ResultSetHeader } from "mysql2";
import type { Compression } from "../../../shared/enums.ts";
import { type Session, select } from "./client.ts";
import type { LoaderMessage, LoadingWay } from "./loader-messages.ts";
import { quoteName } from "./names.ts";
import { demandLiterals } from "./row-literals.ts";
import { AlteredRows, type RowPiece, RowText, rowsHeader } from "./row-text.ts";

/** This way of loading does not bring these rows as they were; another may. */
export class UnfitRows extends Error {}

/** A stored frame, or with NONE a piece of the text. */
export interface Frame {
  readonly packed: Compression;
  readonly size: number;
  readonly bytes: Buffer;
}

type Table = Extract<LoaderMessage, { kind: "table" }>;

/** Committed at once: few enough to be taken back quickly, many enough that the disk is not waited for all the time. */
const batchBytes = 32 * 1024 * 1024;
/** Sent at once: below every max_allowed_packet that a server comes with, and in the cache of its processor. */
const packetBytes = 128 * 1024;
/** As many as a server keeps. */
export const mostWarnings = 65_535;

/** Loads all frames into the table, each checked before any of it is sent; how many rows came to be in it. `taken` hears of each. */
export async function loadRows(
  session: Session,
  way: LoadingWay,
  table: Table,
  frames: AsyncIterator<Frame>,
  taken: (size: number) => void,
): Promise<number> {
  const text = new RowText(rowsHeader(table.table, table.columns));
  let rows = 0;
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    const batch = piecesOf(next.value, frames, text, taken);
    rows += way === "INSERT" ? await insertBatch(session, table, batch) : await loadBatch(session, table, batch);
  }
  if (!text.whole) throw new AlteredRows("It ends in the middle of a statement.");
  return rows;
}

/** The rows of this frame and of those behind it that are committed together. */
async function* piecesOf(
  first: Frame,
  frames: AsyncIterator<Frame>,
  text: RowText,
  taken: (size: number) => void,
): AsyncGenerator<RowPiece, void> {
  let [frame, bytes] = [first, 0];
  for (;;) {
    yield* text.read(unpacked(frame));
    if (frame.packed !== "NONE" && !text.whole) throw new AlteredRows("A frame of it ends in the middle of a statement.");
    bytes += frame.size;
    taken(frame.size);
    if (bytes >= batchBytes) return;
    const next = await frames.next();
    if (next.done) return;
    frame = next.value;
  }
}

function unpacked({ packed, size, bytes }: Frame): Buffer {
  if (packed === "NONE") return bytes;
  try {
    const text = packed === "ZSTD" ? zstdDecompressSync(bytes, { maxOutputLength: size }) : gunzipSync(bytes, { maxOutputLength: size });
    if (text.length === size) return text;
  } catch (cause) {
    throw new AlteredRows("A frame of it cannot be unpacked.", { cause });
  }
  throw new AlteredRows("A frame of it is shorter than it was.");
}

/** The rows as the data of one LOAD DATA LOCAL, which our writer's lines are, save for the end of each statement. */
async function loadBatch(session: Session, table: Table, batch: AsyncIterable<RowPiece>): Promise<number> {
  const columns = table.columns.map(quoteName).join(",");
  const sql = `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${quoteName(table.table)} CHARACTER SET binary
    FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '''' ESCAPED BY '\\\\' LINES STARTING BY '(' TERMINATED BY '),\\n' (${columns})`;
  // Whatever file the server asks for, it is given these rows.
  const infileStreamFactory = () => Readable.from(packets(batch));
  const [result] = await session.query<ResultSetHeader>({ sql: bytewise(sql), infileStreamFactory });
  const [records, skipped] = [/Records: (\d+)/, /Skipped: (\d+)/].map((pattern) => Number(pattern.exec(result.info)?.[1]));
  await demandNoWarnings(session, table, result);
  if (skipped !== 0) throw new UnfitRows(`The server left out ${skipped} rows of ${table.table}.`);
  return records ?? 0;
}

async function* packets(batch: AsyncIterable<RowPiece>): AsyncGenerator<Buffer, void> {
  for await (const { bytes, ends } of batch) {
    if (ends) bytes[bytes.length - 2] = 0x2c;
    for (let at = 0; at < bytes.length; at += packetBytes) yield bytes.subarray(at, at + packetBytes);
  }
}

/** The rows as the statements that they are stored as, after a look at each of their bytes. */
async function insertBatch(session: Session, table: Table, batch: AsyncIterable<RowPiece>): Promise<number> {
  const header = bytewise(rowsHeader(table.table, table.columns));
  let rows = 0;
  let pieces: Buffer[] = [];
  await session.query("START TRANSACTION");
  for await (const { bytes, ends } of batch) {
    pieces.push(bytes);
    if (!ends) continue;
    const statement = pieces.length === 1 ? bytes : Buffer.concat(pieces);
    pieces = [];
    demandLiterals(statement);
    const [result] = await session.query<ResultSetHeader>(header + statement.toString("latin1", 0, statement.length - 2));
    await demandNoWarnings(session, table, result);
    rows += result.affectedRows;
  }
  await session.query("COMMIT");
  return rows;
}

/** A character for each byte, as the session takes its statements. */
const bytewise = (sql: string) => Buffer.from(sql).toString("latin1");

/** A server that leaves out, cuts or changes a value says so in a warning only. */
async function demandNoWarnings(session: Session, { table, loose }: Table, { warningStatus }: ResultSetHeader): Promise<void> {
  if (warningStatus === 0) return;
  const warnings = await select<{ Level: string; Code: number; Message: string }>(session, "SHOW WARNINGS");
  const bad = warnings.find(({ Level, Code, Message }) => {
    const column = /^Data truncated for column '(.*)' at row \d+$/.exec(Buffer.from(Message, "latin1").toString())?.[1];
    return Level !== "Note" && !(Code === 1265 && column !== undefined && loose.includes(column));
  });
  if (bad || warnings.length >= mostWarnings)
    throw new UnfitRows(`The server did not take all rows of ${table} as they were: ${bad?.Message ?? "too many warnings"}.`);
}
