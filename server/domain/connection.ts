/** How to reach one MySQL or MariaDB database. The password is here in clear: keep it in memory only. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** When set, host and port are not used. */
  readonly socketPath: string | null;
  /** Demand TLS with a verified certificate. */
  readonly tls: boolean;
  /** What is changed over it stays out of the server's binary log, so that no replica gets it. */
  readonly skipBinaryLog?: boolean;
}
