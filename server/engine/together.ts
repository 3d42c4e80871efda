/** Work of one kind that several do side by side: when one of them fails, the others are ended. */
export class Together {
  readonly #ending = new AbortController();
  /** Aborted with the caller's, and when one has failed. For all of them to heed. */
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#ending.signal]);
  }

  /** Waits until all have ended, and throws what the first of those that failed threw. */
  async all(works: readonly Promise<void>[]): Promise<void> {
    const failures: unknown[] = [];
    const watched = works.map((work) =>
      work.catch((error: unknown) => {
        failures.push(error);
        this.#ending.abort(error);
      }),
    );
    await Promise.all(watched);
    if (failures.length > 0) throw failures[0];
  }
}
