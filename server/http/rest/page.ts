/** The OpenAPI document as a page to read, with no script and nothing from elsewhere. */
export function openApiPage(document: object): string {
  const { paths, info } = document as {
    info: { title: string; version: string; description: string };
    paths: Record<string, Record<string, Operation>>;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = Map.groupBy(operations, ({ operation }) => operation.tags[0] ?? "");
  const sections = [...groups].sort(([a], [b]) => a.localeCompare(b)).map(([tag, all]) => section(tag, all));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(info.title)} REST</title><style>${style}</style></head>
<body><main><h1>${escaped(info.title)} ${escaped(info.version)}: REST</h1>
<p>${escaped(info.description)}</p><p>For programs: <a href="/api/openapi.json">openapi.json</a></p>
<nav>${[...groups.keys()]
    .sort()
    .map((tag) => `<a href="#${escaped(tag)}">${escaped(tag)}</a>`)
    .join(" ")}</nav>
${sections.join("\n")}</main></body></html>
`;
}

interface Property {
  readonly type?: string;
  readonly format?: string;
  readonly $ref?: string;
  readonly allOf?: readonly Property[];
  readonly items?: Property;
  readonly description?: string;
}

interface Operation {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Property;
    readonly description?: string;
  }[];
  readonly requestBody?: {
    readonly content: Record<
      string,
      { readonly schema: { readonly properties?: Record<string, Property>; readonly required?: readonly string[] } }
    >;
  };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Property }> }>;
}

const section = (tag: string, all: readonly { path: string; method: string; operation: Operation }[]) =>
  `<section id="${escaped(tag)}"><h2>${escaped(tag)}</h2>${all.map(entry).join("")}</section>`;

function entry({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const [type, body] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const rows = [
    ...(operation.parameters ?? []).map((one) => row(one.name, one.in, one.required, one.schema, one.description)),
    ...Object.entries(body?.schema.properties ?? {}).map(([name, one]) =>
      row(name, "body", body?.schema.required?.includes(name) ?? false, one, one.description),
    ),
  ];
  const [status, answer] = Object.entries(operation.responses)[0] ?? [];
  const answered = wordsOf(answer?.content?.["application/json"]?.schema);
  return `<details><summary><b>${method.toUpperCase()}</b> <code>/api${escaped(path)}/</code> ${escaped(operation.summary)}</summary>
<p>${type ? `Takes ${escaped(type)}. ` : ""}Answers ${escaped(status ?? "")}${answered ? `: ${answered}` : ""}.</p>
${rows.length > 0 ? `<table><tr><th>Name</th><th>In</th><th>Type</th><th></th></tr>${rows.join("")}</table>` : ""}</details>`;
}

const row = (name: string, place: string, required: boolean, schema: Property, description = "") =>
  `<tr><td><code>${escaped(name)}</code>${required ? " (needed)" : ""}</td><td>${escaped(place)}</td><td>${wordsOf(schema)}</td><td>${escaped(description)}</td></tr>`;

function wordsOf(schema: Property | undefined): string {
  if (!schema) return "";
  if (schema.items) return `list of ${wordsOf(schema.items)}`;
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  return escaped(reference ? (reference.split("/").at(-1) ?? "") : [schema.type, schema.format].filter(Boolean).join(", "));
}

const marks: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (mark) => marks[mark] ?? "");

const style = `:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}main{max-width:60rem;margin:2rem auto;padding:0 1rem}
nav a{margin-right:.6rem}details{border-top:1px solid #8884;padding:.4rem 0}summary{cursor:pointer}b{display:inline-block;min-width:4.2rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-top:1px solid #8882}`;
