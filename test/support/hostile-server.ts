import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Connection } from "../../server/domain/connection.ts";

/** The answering half of the MySQL protocol, as far as a server needs it that greets well and then does as it likes. */
export interface Reply {
  /** One packet of the answer. */
  send(body: Buffer): boolean;
  ok(): void;
  /** The head of a result; rows follow, and `end` closes it. */
  columns(...names: string[]): void;
  row(...values: string[]): boolean;
  end(): void;
  readonly socket: Socket;
}

/** A server on loopback that lets everybody in and answers queries by `answer`; `heard` is all that clients ever sent. */
export async function hostileServer(answer: (query: string, reply: Reply) => void) {
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write(packet(0, greeting));
    let held = Buffer.alloc(0);
    let greeted = false;
    socket.on("data", (bytes) => {
      heard.push(bytes);
      held = Buffer.concat([held, bytes]);
      for (let size = held.length < 4 ? 0 : held.readUIntLE(0, 3); held.length >= 4 + size; size = held.readUIntLE(0, 3)) {
        const [sequence, body] = [held[3] ?? 0, held.subarray(4, 4 + size)];
        held = held.subarray(4 + size);
        if (!greeted) socket.write(packet(sequence + 1, okay));
        else if (sequence === 0 && body[0] === 3) answer(body.toString("utf8", 1), replyOn(socket));
        else if (sequence === 0 && body[0] === 1) socket.end();
        else if (sequence === 0) replyOn(socket).ok();
        greeted = true;
        if (held.length < 4) break;
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const connection: Connection = { host: "127.0.0.1", port, user: "u", password: "p", database: "shop", socketPath: null, tls: false };
  return {
    connection,
    heard: () => Buffer.concat(heard).toString("latin1"),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function replyOn(socket: Socket): Reply {
  let sequence = 1;
  const send = (body: Buffer) => socket.write(packet(sequence++ % 256, body));
  return {
    send,
    ok: () => send(okay),
    columns(...names) {
      send(Buffer.from([names.length]));
      for (const name of names) send(Buffer.concat([...["def", "s", "t", "t", name, name].map(text), column]));
      send(endOfFile);
    },
    row: (...values) => send(Buffer.concat(values.map(text))),
    end: () => send(endOfFile),
    socket,
  };
}

function packet(sequence: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, body]);
}

/** A string of at most 250 bytes with its length in front. */
const text = (value: string) => Buffer.concat([Buffer.from([Buffer.byteLength(value)]), Buffer.from(value)]);

const okay = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
const endOfFile = Buffer.from([0xfe, 0, 0, 2, 0]);
/** Length of the rest, utf8mb4, 255 wide, a string, no flags, no decimals, filler. */
const column = Buffer.from([0x0c, 45, 0, 255, 0, 0, 0, 253, 0, 0, 0, 0, 0]);

/** Protocol 10, every capability but TLS, compression and the end of EOF packets; LOCAL INFILE among them. */
const greeting = (() => {
  const capabilities = 0x00ff_ffff & ~(0x0800 | 0x0020 | 0x0100_0000);
  const [low, high] = [Buffer.alloc(2), Buffer.alloc(2)];
  low.writeUInt16LE(capabilities & 0xffff);
  high.writeUInt16LE(capabilities >>> 16);
  return Buffer.concat([
    Buffer.from("\x0a5.5.5-10.11.6-MariaDB\0"),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from("12345678\0"),
    low,
    Buffer.from([45, 2, 0]),
    high,
    Buffer.from([21]),
    Buffer.alloc(10),
    Buffer.from("123456789012\0mysql_native_password\0"),
  ]);
})();
