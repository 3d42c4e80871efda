import type { SftpStorageConfig } from "../../domain/storage.ts";
import { openSession, type SftpSecrets, type SftpSession, type SftpTimes } from "./sftp-session.ts";

/** A use of the connection; it stays open until all of them are released. */
export interface SftpUse {
  readonly session: SftpSession;
  release(): void;
}

/** The one connection of a storage: opened when it is needed, shared, opened anew when it was lost, closed when nobody uses it. */
export interface SftpConnection {
  use(): Promise<SftpUse>;
  /** The same for the length of one piece of work. */
  during<T>(work: (session: SftpSession) => Promise<T>): Promise<T>;
}

export function sftpConnection(config: SftpStorageConfig, secrets: SftpSecrets, times: SftpTimes): SftpConnection {
  let opening: Promise<SftpSession> | null = null;
  let users = 0;
  let idle: NodeJS.Timeout | undefined;

  function open(): Promise<SftpSession> {
    const mine: Promise<SftpSession> = openSession(config, secrets, times);
    opening = mine;
    const forget = () => {
      if (opening === mine) opening = null;
    };
    mine.then((session) => {
      if (session.gone.aborted) forget();
      session.gone.addEventListener("abort", forget, { once: true });
    }, forget);
    return mine;
  }
  function release(): void {
    users -= 1;
    if (users > 0) return;
    const session = opening;
    // A connection that waits for its next use keeps no process from ending.
    void session?.then((open) => users === 0 && open.hold(false)).catch(() => {});
    idle = setTimeout(() => void session?.then((open) => users === 0 && open.end()).catch(() => {}), times.idle);
    idle.unref();
  }
  async function use(): Promise<SftpUse> {
    users += 1;
    clearTimeout(idle);
    let released = false;
    const once = () => {
      if (!released) release();
      released = true;
    };
    try {
      const session = await (opening ?? open());
      session.hold(true);
      return { session, release: once };
    } catch (error) {
      once();
      throw error;
    }
  }
  return {
    use,
    async during(work) {
      const { session, release: done } = await use();
      try {
        return await work(session);
      } finally {
        done();
      }
    },
  };
}
