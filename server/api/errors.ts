import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { Failure } from "../domain/errors.ts";

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
  const root = rootOf(error);
  if (root instanceof Failure) {
    const { code, message, hint, reason } = root;
    return { message, ...place, extensions: { code, ...(hint ? { hint } : {}), ...(reason ? { reason } : {}) } };
  }
  // What no resolver threw was made by GraphQL itself: it speaks of the document, not of our inside.
  if (root instanceof GraphQLError) return { message: root.message, ...place, extensions: { code: "BAD_USER_INPUT" } };
  onUnforeseen(root);
  return {
    message: "Something went wrong that Holdfast did not foresee.",
    ...place,
    extensions: { code: "INTERNAL", hint: "The server's log has the details." },
  };
}

/** What lies below the errors that GraphQL wraps around others. */
const rootOf = (error: unknown): unknown => (error instanceof GraphQLError && error.originalError ? rootOf(error.originalError) : error);
