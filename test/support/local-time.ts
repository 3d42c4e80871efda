/** A stretch of time in which a zone's clocks do not change: from and to as instants, the offset in milliseconds. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

const minute = 60_000;
const day = 24 * 60 * minute;

/**
 * The stretches of a zone between two instants, found by asking the machine's calendar what its clocks show, a day at a time
 * and then by halves to the second: the tests' own account of time zones, made of nothing that the server uses.
 */
export function stretchesOf(zone: string, from: number, to: number): readonly Stretch[] {
  const offsetAt = clockOf(zone);
  const found: Stretch[] = [];
  let [begin, offset] = [from, offsetAt(from)];
  for (let at = from + day; at < to + day; at += day) {
    const next = Math.min(at, to);
    while (offsetAt(next) !== offset) {
      let [still, changed] = [Math.max(begin, next - day), next];
      while (changed - still > 1000) {
        const middle = still + Math.floor((changed - still) / 2000) * 1000;
        if (offsetAt(middle) === offset) still = middle;
        else changed = middle;
      }
      found.push({ from: begin, to: changed, offset });
      [begin, offset] = [changed, offsetAt(changed)];
    }
  }
  return [...found, { from: begin, to, offset }];
}

/** The first instant at which clocks show this local time or a later one. */
export function firstAt(stretches: readonly Stretch[], wall: number): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { from, to, offset } of stretches) if (wall - offset < to) first = Math.min(first, Math.max(from, wall - offset));
  return first;
}

function clockOf(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat("en-US-u-hc-h23", {
    ...{ timeZone: zone, era: "short", year: "numeric", month: "2-digit", day: "2-digit" },
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit" },
  });
  return (instant) => {
    const [month = 0, date = 0, year = 0, hour = 0, min = 0, second = 0] = (format.format(instant).match(/\d+/g) ?? []).map(Number);
    return Date.UTC(year, month - 1, date, hour, min, second) - Math.floor(instant / 1000) * 1000;
  };
}
