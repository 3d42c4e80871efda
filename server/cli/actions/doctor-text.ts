import { stripVTControlCharacters, styleText } from "node:util";
import type { HealthSeverity } from "../../../shared/enums.ts";
import { formatCount } from "../../../shared/format.ts";
import type { HealthCheck } from "../../domain/health.ts";
import type { Health } from "../documents/health.ts";
import { onOneLine } from "../output.ts";

/** Marks that differ without colour too. */
const marks: Readonly<
  Record<HealthSeverity, { readonly mark: string; readonly word: string; readonly style: "red" | "yellow" | "cyan" | "green" }>
> = {
  ERROR: { mark: "✗", word: "error", style: "red" },
  WARNING: { mark: "!", word: "warning", style: "yellow" },
  NOTE: { mark: "i", word: "note", style: "cyan" },
  GOOD: { mark: "✓", word: "good", style: "green" },
};

/** What was found, the worst first, each subject once; what mends it below it. */
export function healthText({ checks }: Pick<Health, "checks">, color: boolean): string {
  const bySubject = Map.groupBy(checks, ({ subject }) => subject);
  const blocks = [...bySubject].map(([subject, own]) =>
    [styled("bold", onOneLine(subject), color), ...own.flatMap((each) => linesOf(each, color))].join("\n"),
  );
  return [...blocks, summary(checks)].join("\n\n");
}

function linesOf({ severity, message, hint, command }: HealthCheck, color: boolean): string[] {
  const { mark, word, style } = marks[severity];
  const label = styled(style, `${mark} ${word.padEnd(7)}`, color);
  const indent = " ".repeat(stripVTControlCharacters(label).length + 4);
  return [
    `  ${label}  ${onOneLine(message)}`,
    ...(hint && severity !== "GOOD" ? [`${indent}${onOneLine(hint)}`] : []),
    ...(command && severity !== "GOOD" ? command.split("\n").map((line) => `${indent}$ ${onOneLine(line)}`) : []),
  ];
}

/** "1 error, 2 warnings, 1 note; 14 checks are good." */
function summary(checks: readonly HealthCheck[]): string {
  const count = (severity: HealthSeverity) => checks.filter((each) => each.severity === severity).length;
  const wrong = (["ERROR", "WARNING", "NOTE"] as const).flatMap((severity) =>
    count(severity) > 0 ? [formatCount(count(severity), marks[severity].word)] : [],
  );
  const good = `${formatCount(count("GOOD"), "check")} ${count("GOOD") === 1 ? "is" : "are"} good.`;
  return wrong.length === 0 ? `Nothing is wrong: ${good}` : `${wrong.join(", ")}; ${good}`;
}

const styled = (style: Parameters<typeof styleText>[0], text: string, color: boolean) =>
  color ? styleText(style, text, { validateStream: false }) : text;
