import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from "type-graphql";
import type { AuditEntryRow } from "../../services/audit.ts";
import type { Context } from "../context.ts";
import { toPage } from "../page-info.ts";
import { DateTime } from "../scalars.ts";
import { AuditEntryType, AuditPageType } from "./type.ts";

@Resolver(() => AuditEntryType)
export class AuditResolver {
  @Query(() => AuditPageType, { description: "Who changed what, newest first; for administrators." })
  async auditLog(
    @Arg("first", () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
    @Ctx() { actor, services }: Context,
  ) {
    return toPage(await services.audit.page(actor, first ?? 50, after ?? null));
  }

  @FieldResolver(() => DateTime)
  at(@Root() { createdAt }: AuditEntryRow) {
    return createdAt;
  }
}
