import { Failure } from "../domain/errors.ts";

/** Milliseconds after which a second Ctrl-C means it. Before, it is the same one: npm passes the terminal's on. */
const insisting = 2000;

/** Aborts, with CANCELLED, at Ctrl-C and its like, so that the command can clean up; asked again later, it ends at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const onSignal = () => {
    if (first && Date.now() - first > insisting) process.exit(1);
    first ||= Date.now();
    controller.abort(new Failure("CANCELLED", "Cancelled."));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  return controller.signal;
}
