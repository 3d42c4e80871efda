import { createConnection, type Socket } from "node:net";
import type { Connection } from "../../domain/connection.ts";
import { connect, type Session } from "./client.ts";
import { connectionLost, ReadError } from "./row-error.ts";
import { type PacketReader, RowPackets } from "./row-packets.ts";

/**
 * A session whose answers are read as they come, row by row out of the memory that the socket writes to, with no value made
 * of anything. It is opened, and set up, by the driver.
 */
export class RowStream {
  readonly #session: Session;
  readonly #socket: Socket;
  readonly #packets: RowPackets;
  #running: PromiseWithResolvers<void> | null = null;
  #gone: ReadError | null = null;

  private constructor(session: Session, socket: Socket, packets: RowPackets) {
    this.#session = session;
    this.#socket = socket;
    this.#packets = packets;
    socket.once("close", () => this.#lost("The connection to the database was lost"));
    socket.once("error", (error) => this.#lost(`The connection to the database was lost: ${error.message}`));
  }

  /** Connects and sets the session up by `statements`; no further ones can be sent by the driver behind that. */
  static async open(connection: Connection, statements: (session: Session) => Promise<void>): Promise<RowStream> {
    const packets = new RowPackets();
    let handed: ((length: number) => void) | null = null;
    const room = () => packets.room();
    const direct = (): Socket => {
      // The socket writes into our own memory; until it is ours alone, the driver is given copies.
      const callback = (length: number, bytes: Uint8Array) => {
        if (handed) handed(length);
        else socket.emit("data", Buffer.from(bytes.subarray(0, length)));
        return true;
      };
      const place = connection.socketPath ? { path: connection.socketPath } : { host: connection.host, port: connection.port };
      const socket: Socket = createConnection({ ...place, noDelay: true, keepAlive: true, onread: { buffer: room, callback } });
      return socket;
    };
    const session = await connect(connection, connection.tls ? {} : { stream: direct });
    try {
      await statements(session);
    } catch (error) {
      session.destroy();
      throw error;
    }
    // The types of the driver hide its socket, which TLS has exchanged for its own.
    const { stream } = (session as Session & { readonly connection: { readonly stream: Socket } }).connection;
    stream.removeAllListeners("data");
    if (connection.tls) stream.on("data", (bytes: Buffer) => packets.take(bytes));
    else handed = (length) => packets.filled(length);
    return new RowStream(session, stream, packets);
  }

  /** Runs a statement; `row` is called for each row of its answer, whose bytes are there only until it returns. */
  async read(sql: string, row: PacketReader = () => {}): Promise<void> {
    if (this.#gone) throw this.#gone;
    const running = Promise.withResolvers<void>();
    this.#running = running;
    this.#packets.begin(row, (error) => {
      this.#running = null;
      if (error) running.reject(error);
      else running.resolve();
    });
    const text = Buffer.from(sql);
    const head = Buffer.alloc(5);
    head.writeUIntLE(text.length + 1, 0, 3);
    head[4] = queryCommand;
    this.#socket.write(Buffer.concat([head, text]));
    await running.promise;
  }

  /** The rows of a small answer, as text. */
  async rows(sql: string): Promise<string[][]> {
    const rows: string[][] = [];
    await this.read(sql, (bytes, start, end) => rows.push(shortValues(bytes, start, end)));
    return rows;
  }

  /** No further bytes are taken from the server until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#session.destroy();
  }

  #lost(message: string): void {
    this.#gone ??= new ReadError(connectionLost, message);
    this.#running?.reject(this.#gone);
    this.#running = null;
  }
}

const queryCommand = 3;

/** The values of a row, none of which is longer than 250 bytes; NULL is empty. */
function shortValues(bytes: Buffer, start: number, end: number): string[] {
  const values: string[] = [];
  for (let at = start; at < end; ) {
    const length = bytes[at] ?? 0;
    const size = length < 251 ? length : 0;
    values.push(bytes.toString("utf8", at + 1, at + 1 + size));
    at += 1 + size;
  }
  return values;
}
