/** The name that a mistyped one most likely means: at most three letters away, or null. */
export function nearest(name: string, names: readonly string[]): string | null {
  const ranked = names.map((known) => ({ known, steps: distance(name, known) })).sort((a, b) => a.steps - b.steps);
  const [best] = ranked;
  return best && best.steps <= 3 ? best.known : null;
}

/** How many letters must be added, dropped or changed to turn one into the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}
