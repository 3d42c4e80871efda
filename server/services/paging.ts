import { limits } from "../../shared/limits.ts";
import { badInput } from "../domain/errors.ts";

/** How many rows a page may have: 1 to 200. */
export function firstOf(first: number): number {
  if (!Number.isInteger(first) || first < 1)
    throw badInput("`first` is a whole number from 1.", `At most ${limits.pageSize} are given at once.`);
  return Math.min(first, limits.pageSize);
}
