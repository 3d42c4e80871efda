import { statfs } from "node:fs/promises";
import { formatBytes } from "../../../shared/format.ts";
import type { Db } from "../../db/client.ts";
import { pingCatalog } from "../../db/metrics.ts";
import { messageOf } from "../../domain/errors.ts";
import type { HealthCheck } from "../../domain/health.ts";
import type { ClockWatch } from "../clock-watch.ts";
import { about, type HealthGroup, type Look } from "./look.ts";

interface Dependencies {
  readonly catalog: Db;
  /** The catalog in words. */
  readonly catalogName: string;
  readonly home: string;
  readonly clock: Pick<ClockWatch, "state">;
  /** Rejects when the queue wakes nobody any more; null in a command, which has none. */
  readonly queueAlive: (() => Promise<void>) | null;
  /** Where the dashboard is served, once that is known. */
  readonly url: () => string | null;
}

/** A catalog grows by megabytes; drills and uploads take gigabytes in between. */
const lowHome = 2_000_000_000;
const fullHome = 200_000_000;

const look = (check: string, subject: string, found: () => Promise<HealthCheck[]>, place: string | null = null): Look => ({
  ...{ check, subject, subjectId: null, place, look: found },
});

/** Holdfast itself: its catalog, home, queue and clock. */
export const machineHealth = ({ catalog, catalogName, home, clock, queueAlive, url }: Dependencies): HealthGroup => ({
  name: "machine",
  looks: async () => [
    look("catalog.answers", "Catalog", async () => {
      const say = about({ subject: "Catalog", subjectId: null, place: null });
      await pingCatalog(catalog);
      // It is brought up to date before anything else is asked of it.
      return [say("catalog.answers", "GOOD", `${catalogName} answers, and is of this release.`)];
    }),
    homeLook(home),
    look("clock.paused", "Clock", () => clockChecks(clock), "/cleanup"),
    look("server.address", "Dashboard", async () => addressChecks(url()), "/settings"),
    ...(queueAlive ? [look("queue.alive", "Queue", () => queueChecks(queueAlive))] : []),
  ],
});

/** Whether there is room in the home folder. */
export const homeLook = (home: string): Look => look("home.space", "Home folder", () => space(home));

async function space(home: string): Promise<HealthCheck[]> {
  const say = about({ subject: "Home folder", subjectId: null, place: null });
  const { bavail, bsize } = await statfs(home);
  const free = bavail * bsize;
  const message = `${formatBytes(free)} are free in ${home}`;
  if (free >= lowHome) return [say("home.space", "GOOD", `${message}.`)];
  return [
    say("home.space", free < fullHome ? "ERROR" : "WARNING", `${message}, where the catalog, uploads and drills are.`, {
      hint: "Free some space on that disk, or move HOLDFAST_HOME to another.",
    }),
  ];
}

async function clockChecks(clock: Pick<ClockWatch, "state">): Promise<HealthCheck[]> {
  const { paused } = await clock.state();
  if (paused === null) return [];
  return [
    about({ subject: "Clock", subjectId: null, place: "/cleanup" })(
      "clock.paused",
      "WARNING",
      `Nothing is deleted by itself just now: ${paused}`,
      {
        hint: "Check the clock. When it is right, say so under Cleanup; else it goes on after a day of a steady clock.",
      },
    ),
  ];
}

async function queueChecks(alive: () => Promise<void>): Promise<HealthCheck[]> {
  const say = about({ subject: "Queue", subjectId: null, place: null });
  try {
    await alive();
    return [say("queue.alive", "GOOD", "It wakes workers.")];
  } catch (error) {
    return [say("queue.alive", "ERROR", messageOf(error), { hint: "Nothing begins until it does. Restart Holdfast; its log tells more." })];
  }
}

/** Passwords and backups that travel in the clear beyond this machine. */
function addressChecks(url: string | null): HealthCheck[] {
  const { protocol, hostname } = URL.parse(url ?? "") ?? { protocol: "", hostname: "" };
  if (protocol !== "http:" || hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname)) return [];
  return [
    about({ subject: "Dashboard", subjectId: null, place: null })(
      "server.address",
      "WARNING",
      `It is reached at ${url}, without TLS: passwords and downloads can be read on the way.`,
      {
        hint: "Put it behind a proxy that speaks https, and set HOLDFAST_PUBLIC_URL to that address.",
      },
    ),
  ];
}
