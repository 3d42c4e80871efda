const most = 60;

/** The zones whose names hold every piece typed, those that begin with it first; "new york" finds America/New_York. */
export function zonesLike(zones: readonly string[], typed: string): readonly string[] {
  const pieces = plain(typed).split(/\s+/).filter(Boolean);
  const rank = (zone: string) =>
    plain(zone)
      .split(/[\s/]/)
      .some((word) => word.startsWith(pieces[0] ?? ""))
      ? 0
      : 1;
  return zones
    .filter((zone) => pieces.every((piece) => plain(zone).includes(piece)))
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, most);
}

const plain = (text: string) => text.toLowerCase().replaceAll("_", " ").trim();
