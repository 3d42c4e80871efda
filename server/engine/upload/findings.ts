import type { Finding } from "../../domain/inspection.ts";

const mostRefusals = 20;
const mostFindings = 200;

/** Collects what an inspection notices: each note once, and no more refusals than anybody reads. */
export class Findings {
  readonly list: Finding[] = [];
  #refusals = 0;
  full = false;

  get refused(): boolean {
    return this.#refusals > 0;
  }

  refuse(reason: string, message: string, hint: string, line: number | null = null, entry: string | null = null): void {
    if (this.full) return;
    this.#refusals += 1;
    this.full = this.#refusals >= mostRefusals;
    this.list.push({ reason, severity: "REFUSED", message, hint, line, entry, rewrite: null });
  }

  warn(reason: string, message: string, hint: string | null, rewrite: Finding["rewrite"] = null, entry: string | null = null): void {
    if (this.list.length < mostFindings) this.list.push({ reason, severity: "WARNING", message, hint, line: null, entry, rewrite });
  }

  /** Only the first of its reason is kept. */
  note(reason: string, message: string, line: number | null = null): void {
    if (this.list.some((known) => known.reason === reason)) return;
    this.list.push({ reason, severity: "NOTE", message, hint: null, line, entry: null, rewrite: null });
  }
}
