import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { Failure } from "../domain/errors.ts";

/** Codes of GraphQL's and Apollo's own refusals, all of them the client's input. */
const inputCodes = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
  "BAD_REQUEST",
  "OPERATION_RESOLUTION_FAILURE",
  "PERSISTED_QUERY_NOT_FOUND",
  "PERSISTED_QUERY_NOT_SUPPORTED",
]);

/**
 * The form in which an error leaves the API, over HTTP and over the WebSocket: a code of the contract, a hint, never a
 * stack. Unforeseen ones are told to `onUnforeseen` and say nothing of the inside.
 */
export function formatError(error: unknown, onUnforeseen: (error: unknown) => void): GraphQLFormattedError {
  const graphQLError = error instanceof GraphQLError ? error : null;
  const place = graphQLError
    ? {
        ...(graphQLError.locations ? { locations: graphQLError.locations } : {}),
        ...(graphQLError.path ? { path: graphQLError.path } : {}),
      }
    : {};
  const cause = failureIn(error);
  if (cause) {
    const { code, message, hint, reason } = cause;
    return { message, ...place, extensions: { code, ...(hint ? { hint } : {}), ...(reason ? { reason } : {}) } };
  }
  const code = graphQLError?.extensions.code;
  // An error without a cause was made by GraphQL itself: it speaks of the document, not of our inside.
  if (graphQLError && !graphQLError.originalError && (code === undefined || (typeof code === "string" && inputCodes.has(code))))
    return { message: graphQLError.message, ...place, extensions: { code: "BAD_USER_INPUT" } };
  onUnforeseen(graphQLError?.originalError ?? error);
  return {
    message: "Something went wrong that Holdfast did not foresee.",
    ...place,
    extensions: { code: "INTERNAL", hint: "The server's log has the details." },
  };
}

function failureIn(error: unknown): Failure | null {
  if (error instanceof Failure) return error;
  if (error instanceof GraphQLError && error.originalError) return failureIn(error.originalError);
  return null;
}
