import { expect, it } from "vitest";
import { type Contender, interleave } from "./measure.ts";
import { formatPage, together } from "./page-text.ts";
import { plot } from "./plot.ts";
import { raceLines } from "./race-table.ts";
import { limit, type Race, ratio } from "./races.ts";
import type { Findings } from "./report.ts";

const walls = { theirs: [10, 20, 40], ours: [3, 4, 20] };

/** Two contenders with these walls, and bars between them. */
async function raced(bar: number): Promise<Race> {
  const contenders = Object.entries(walls).map(([name, seconds]): Contender => {
    let round = 0;
    return {
      name: `${name} | <fast>`,
      run: async () => ({ seconds: seconds[round++] ?? 0, storedBytes: name === "ours" ? 900 : 1000, cpuSeconds: 1 }),
    };
  });
  const figures = await interleave(contenders, 3, new AbortController().signal, () => {});
  const bars = [
    ratio(figures, "ours | <fast>", "theirs | <fast>", bar),
    ratio(figures, "ours | <fast>", "theirs | <fast>", 1, "storedBytes"),
    ratio(figures, "ours | <fast>", "who was left out", 1),
    limit("Delay", [70, 30, 20], 50, "ms"),
  ];
  return { name: "race", title: "A race", bytes: 1000, contenders: figures, bars: bars.filter((one) => one !== null), notes: ["A note."] };
}

it("takes a ratio of the medians, with the least and the most of the rounds, and none beside who was left out", async () => {
  const { bars } = await raced(0.2);
  expect(bars).toMatchObject([
    { value: 0.2, least: 0.2, most: 0.5, bar: 0.2, what: "ours | <fast>" },
    { value: 0.9, least: 0.9, most: 0.9, bar: 1, what: "ours | <fast>, bytes stored" },
    { value: 30, least: 20, most: 70, bar: 50 },
  ]);
});

it("says which bars were reached and which were not", async () => {
  const verdicts = async (bar: number) => raceLines(await raced(bar)).flatMap((line) => /: (PASS|over the bar)$/.exec(line)?.[1] ?? []);
  expect(await verdicts(0.2)).toEqual(["PASS", "PASS", "PASS"]);
  expect(await verdicts(0.19)).toEqual(["over the bar", "PASS", "PASS"]);
});

it("takes of several runs a race as the last has it, and what broke off only where no later one made up for it", async () => {
  const machine = { cpus: 2, cpu: "A processor", memory: 1e9, system: "Linux", versions: {}, load: 0 };
  const run = { at: "2026-11-23T12:00:00.000Z", machine, megabytes: 1000, rounds: 3, form: "built" } as const;
  const [old, anew] = [await raced(0.2), await raced(0.19)];
  const first = { ...run, races: [{ ...old, name: "media" }], failures: ["drill: it fell over", "loop: so did it"] };
  const second = {
    ...run,
    at: "later",
    races: [
      { ...anew, name: "drill" },
      { ...anew, name: "media" },
    ],
    failures: ["media: not this time"],
  };
  expect(together([first, second])).toMatchObject({ at: run.at, failures: ["loop: so did it", "media: not this time"] });
  expect(together([first, second]).races).toEqual([
    { ...anew, name: "media" },
    { ...anew, name: "drill" },
  ]);
});

it("writes a page with the machine, the bars, every contender and what broke off, and a plot that is well formed", async () => {
  const race = await raced(0.19);
  const machine = { cpus: 2, cpu: "A processor", memory: 1e9, system: "Linux", versions: { MariaDB: "10.11.19" }, load: 0 };
  const findings: Findings = {
    ...{ at: "2026-11-23T12:00:00.000Z", machine, megabytes: 1000, rounds: 3, form: "built" },
    ...{ races: [race], failures: ["drill: it fell over\n    at somewhere"] },
  };
  const page = formatPage(findings);
  expect(page).toContain("| ours \\| <fast> | theirs \\| <fast> | 0.20 (0.20 - 0.50) | 0.19 | over the bar |");
  expect(page).toContain("| ours \\| <fast> | 4.00 (3.00 - 20.00) | 1.0 | 900 bytes |");
  expect(page).toContain("- drill: it fell over\n");
  expect(page).toMatch(/2026-11-23\.[\s\S]*A processor[\s\S]*MariaDB 10\.11\.19[\s\S]*A note\./);
  const drawn = plot([race], (name) => name.startsWith("ours"));
  expect(drawn).toContain("ours | &lt;fast>");
  expect(drawn.match(/<rect [^>]*fill="#1d6fd1"/g)).toHaveLength(1);
  expect(drawn).not.toContain("NaN");
});
