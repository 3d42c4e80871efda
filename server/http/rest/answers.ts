import { type ExecutionArgs, type ExecutionResult, execute } from "graphql";
import { notFound } from "../../domain/errors.ts";
import type { RestRoute } from "./routes.ts";

/** What a request leaves for the answer's shape, beside the API's own context. */
export interface Asked {
  readonly route: RestRoute;
  /** As it was asked for, with its query. */
  readonly url: URL;
}

interface Page {
  readonly nodes: readonly unknown[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly totalCount: number;
}

/** Runs a request's document; a page becomes count, next and results, and what is not there NOT_FOUND. */
export async function answered(request: ExecutionArgs, { route, url }: Asked): Promise<ExecutionResult> {
  const result = await execute(request);
  const { name } = route.field;
  const value = result.data?.[name];
  if (result.errors || value === undefined) return result;
  if (value === null && request.variableValues?.id !== undefined) throw notFound(name, String(request.variableValues.id));
  return { data: { [name]: isPage(value) ? pageFrom(value, url) : value } };
}

const isPage = (value: unknown): value is Page => typeof value === "object" && value !== null && "nodes" in value && "pageInfo" in value;

function pageFrom({ nodes, pageInfo, totalCount }: Page, url: URL) {
  const next = new URL(url);
  if (pageInfo.endCursor) next.searchParams.set("after", pageInfo.endCursor);
  return { count: totalCount, next: pageInfo.hasNextPage ? `${next.pathname}${next.search}` : null, results: nodes };
}
