import { Failure } from "../domain/errors.ts";

/** Codes that say that the backup itself is bad, not that it could not be looked at. */
const damage: readonly string[] = ["ARTIFACT_CORRUPT", "ARTIFACT_UNSAFE", "NOT_FOUND"];
const mostProblems = 50;

/** What a verification finds wrong, as sentences. */
export class Findings {
  readonly #problems: string[] = [];
  readonly #tell: (problem: string) => void;
  #more = 0;

  /** `tell` is called with each problem that is kept. */
  constructor(tell: (problem: string) => void) {
    this.#tell = tell;
  }

  add(...problems: readonly string[]): void {
    for (const problem of problems) {
      if (this.#problems.length >= mostProblems) {
        this.#more += 1;
        continue;
      }
      this.#problems.push(problem);
      this.#tell(problem);
    }
  }

  /** Runs one look at the backup: damage becomes a problem and null, anything else is thrown on. */
  async look<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Failure && damage.includes(error.code))) throw error;
      this.add(error.message);
      return null;
    }
  }

  get all(): readonly string[] {
    return this.#more === 0 ? this.#problems : [...this.#problems, `And ${this.#more} more.`];
  }
}
