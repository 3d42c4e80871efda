import { Agenda, type AgendaBackend, type AgendaOptions, type JobParameters, type JobRepository, type NotificationChannel } from "agenda";
import { afterAll, afterEach, beforeAll, beforeEach, describe, vi } from "vitest";
import { sharingContract } from "./agenda-backend-ending.ts";
import { channelContract, loggerContract } from "./agenda-backend-events.ts";
import { queryContract } from "./agenda-backend-queries.ts";
import { agendaContract } from "./agenda-backend-running.ts";
import { savingContract } from "./agenda-backend-saving.ts";
import { uniqueContract } from "./agenda-backend-unique.ts";

/** One store of jobs, and any number of backends on it. */
export interface Store {
  /** A connected backend as a process of its own would have it; `workers` says who hears of its jobs. */
  connect(workers?: NotificationChannel | false): Promise<AgendaBackend>;
  close(): Promise<void>;
}

/** What the tests use: two backends as of two processes on one store, empty at the beginning of each test. */
export interface Bench {
  readonly store: Store;
  readonly repository: JobRepository;
  readonly other: JobRepository;
}

/** What any backend for Agenda must do that claims all of JobRepository, JobLogger and NotificationChannel. */
export function agendaBackendContract(name: string, open: () => Promise<Store>): void {
  describe(`agenda backend contract: ${name}`, () => {
    const bench = {} as { -readonly [Key in keyof Bench]: Bench[Key] };
    beforeAll(async () => {
      bench.store = await open();
      bench.repository = (await bench.store.connect()).repository;
      bench.other = (await bench.store.connect()).repository;
    });
    beforeEach(() => bench.repository.purgeAllJobs());
    afterAll(() => bench.store?.close());

    savingContract(bench);
    uniqueContract(bench);
    queryContract(bench);
    loggerContract(bench);
    channelContract(bench);
    agendaContract(bench);
    sharingContract(bench);
  });
}

/** Opens Agendas, each as in a process of its own and not yet started; they are stopped after the test. */
export function agendas(bench: Bench) {
  const opened: Agenda[] = [];
  afterEach(async () => {
    for (const agenda of opened.splice(0)) await agenda.stop();
  });
  return async ({ workers, ...options }: Partial<AgendaOptions> & { workers?: NotificationChannel | false } = {}) => {
    const agenda = new Agenda({ backend: await bench.store.connect(workers), processEvery: 100, ...options });
    opened.push(agenda);
    await agenda.ready;
    return agenda;
  };
}

/** A job as Agenda hands it to `saveJob`: due now, with nothing special. */
export const job = (name: string, more: Partial<JobParameters<unknown>> = {}): JobParameters<unknown> => ({
  name,
  type: "normal",
  priority: 0,
  nextRunAt: new Date(),
  data: null,
  ...more,
});

/** The instant so many milliseconds from now. */
export const fromNow = (ms: number) => new Date(Date.now() + ms);

/** Text that trips whoever quotes it wrongly. */
export const nasty = 'it\'s "quoted" \\ `tick` % _ \n\t\0 ünï 🐬 $.a';

/** Waits for what no event tells; patiently, as the machine may be busy. */
export const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 30_000, interval: 50 });
