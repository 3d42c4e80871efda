import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** One request written byte by byte as the test says, over a socket of its own; nothing is read but what is asked for. */
export interface RawClient extends AsyncDisposable {
  readonly socket: Socket;
  /** The status and headers, names in small letters. */
  readonly head: { readonly status: number; readonly headers: Readonly<Record<string, string>> };
  /** So many bytes of the body; fewer where it ends before. */
  read(bytes: number): Promise<Buffer>;
}

/** Sends `lines` and reads the answer's head; the path goes out as it is given. */
export async function rawGet(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<RawClient> {
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "host: 127.0.0.1",
    "connection: close",
    ...Object.entries(headers).map((pair) => pair.join(": ")),
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  let rest = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    for (;;) {
      const chunk = socket.read() as Buffer | null;
      if (chunk) {
        rest = Buffer.concat([rest, chunk]);
        return true;
      }
      if (socket.readableEnded || socket.destroyed) return false;
      const over = new AbortController();
      const events = ["readable", "end", "close"].map((event) => once(socket, event, { signal: over.signal }).catch(() => {}));
      await Promise.race(events);
      over.abort();
    }
  };
  const take = (length: number): Buffer => {
    const taken = rest.subarray(0, length);
    rest = rest.subarray(taken.length);
    return taken;
  };
  let end = -1;
  while (end < 0) {
    if (!(await more())) throw new Error(`The answer has no head: ${rest.toString().slice(0, 200)}`);
    end = rest.indexOf("\r\n\r\n");
  }
  const [first = "", ...fields] = take(end + 4)
    .toString("latin1")
    .trimEnd()
    .split("\r\n");
  const named = fields.map(
    (field) => [field.slice(0, field.indexOf(":")).toLowerCase(), field.slice(field.indexOf(":") + 1).trim()] as const,
  );
  return {
    socket,
    head: { status: Number(first.split(" ")[1]), headers: Object.fromEntries(named) },
    async read(bytes) {
      const pieces: Buffer[] = [];
      for (let left = bytes; left > 0; ) {
        if (rest.length === 0 && !(await more())) break;
        const piece = take(left);
        left -= piece.length;
        pieces.push(piece);
      }
      return Buffer.concat(pieces);
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
    },
  };
}
