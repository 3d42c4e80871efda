import { type DayState, type DigestSource, dayName, factsOf, type Week } from "./digest-week.ts";
import { escapeHtml } from "./html.ts";
import { oneLine } from "./notification-words.ts";

/** A solid ground with white on it is the same in light and dark mail programs; sign and word say it without colour. */
const looks: Readonly<Record<DayState, { readonly color: string; readonly sign: string }>> = {
  proven: { color: "#1e7a3c", sign: "&#10003;" },
  stored: { color: "#2563a8", sign: "&#9679;" },
  failed: { color: "#b3261e", sign: "&#10005;" },
  missed: { color: "#8f5a00", sign: "&#9675;" },
  none: { color: "#5f6b7a", sign: "&#8211;" },
};

/** The week as tables: one row of cells for each source. Nothing is fetched from elsewhere. */
export function digestHtml({ at, sources, attention }: Week): string {
  const wrong = attention.map((title) => `<li style="margin:0 0 4px">${escapeHtml(oneLine(title, 200))}</li>`).join("");
  return [
    attention.length > 0
      ? `<p style="margin:0 0 4px"><strong>What needs attention</strong></p><ul style="margin:0 0 16px;padding-left:20px">${wrong}</ul>`
      : '<p style="margin:0 0 16px">Nothing needs attention.</p>',
    ...sources.map((source) => sourceHtml(source, at)),
    sources.length === 0 ? "<p>There is no source yet: nothing is backed up.</p>" : "",
  ].join("\n");
}

function sourceHtml(source: DigestSource, at: Date): string {
  const cells = source.days.map(({ state, failures }) => {
    const { color, sign } = looks[state];
    const more = failures > 0 && state !== "failed" ? `<br>${failures} failed` : "";
    return `<td style="background:${color};color:#ffffff;text-align:center;padding:6px 2px;border:2px solid transparent;background-clip:padding-box;font-size:12px;line-height:1.3" width="14%"><span style="font-size:16px">${sign}</span><br>${state}${more}</td>`;
  });
  const heads = source.days.map(
    ({ name }) => `<th scope="col" style="font-weight:normal;font-size:12px;opacity:.8;padding:0 2px 2px">${dayName(name)}</th>`,
  );
  const facts = factsOf(source, at).map(
    ([name, value]) =>
      `<tr><td style="padding:1px 16px 1px 0;opacity:.8">${name}</td><td style="padding:1px 0">${escapeHtml(value)}</td></tr>`,
  );
  return [
    `<h2 style="font-size:16px;margin:16px 0 6px">${escapeHtml(oneLine(source.name))}</h2>`,
    `<table width="100%" style="border-collapse:separate;border-spacing:0;table-layout:fixed"><tr>${heads.join("")}</tr><tr>${cells.join("")}</tr></table>`,
    `<table role="presentation" style="border-collapse:collapse;margin:6px 0 0;font-size:14px">${facts.join("")}</table>`,
  ].join("\n");
}
