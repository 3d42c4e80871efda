import { Field, ObjectType } from "type-graphql";

@ObjectType("PageInfo")
export class PageInfoType {
  @Field(() => Boolean) hasNextPage!: boolean;
  @Field(() => String, { nullable: true }) endCursor!: string | null;
}

/** A page of the catalog in the shape of the API. */
export const toPage = <Row>(page: { nodes: readonly Row[]; hasNextPage: boolean; endCursor: string | null; totalCount: number }) => ({
  nodes: page.nodes,
  pageInfo: { hasNextPage: page.hasNextPage, endCursor: page.endCursor },
  totalCount: page.totalCount,
});
