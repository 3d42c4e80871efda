import { GraphQLDateTime, GraphQLJSONObject, GraphQLSafeInt } from "graphql-scalars";

/** UTC ISO-8601. */
export const DateTime = GraphQLDateTime;
/** Integer up to 2^53-1, for byte counts and row counts. */
export const SafeInt = GraphQLSafeInt;
export const JsonObject = GraphQLJSONObject;
