import type { Phase } from "../../shared/enums.ts";
import type { Report } from "../domain/progress.ts";
import type { PartProgress, Running } from "./part.ts";

export interface VerifyWork extends Running {
  report(report: Report): void;
}

/** The progress of work that is done in steps one after the other, each of a known size in bytes. */
export class Steps {
  readonly #work: VerifyWork;
  readonly #expected: number;
  #before = 0;
  #size = 0;

  constructor(work: VerifyWork, expected: number) {
    this.#work = work;
    this.#expected = expected;
    this.#report("PREPARING", { bytes: 0, item: null });
  }

  /** The step before is done. The result tells how far this one is. */
  begin(phase: Phase, size: number): (progress: PartProgress) => void {
    this.#before += this.#size;
    this.#size = size;
    this.#report(phase, { bytes: 0, item: null });
    return (progress) => this.#report(phase, progress);
  }

  #report(phase: Phase, { bytes, item }: PartProgress): void {
    const bytesProcessed = this.#before + Math.min(bytes, this.#size);
    this.#work.report({ phase, bytesProcessed, bytesExpected: this.#expected, currentItem: item });
  }
}
