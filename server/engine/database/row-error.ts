/** What the server said instead of rows, or that it said no more. */
export class ReadError extends Error {
  /** The server's number; 2013 where the connection was lost. */
  readonly errno: number;

  constructor(errno: number, message: string) {
    super(message);
    this.errno = errno;
  }
}

/** The number that the client programs give a connection that was lost. */
export const connectionLost = 2013;
