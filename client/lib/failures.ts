import type { CombinedError } from "@urql/core";

/** A failure as it is shown: what, and where one is known, what to do about it. */
export interface FailureView {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  /** A stable word that says more than the code, such as CRON_INVALID. */
  readonly reason?: string | null;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : null);

/** The API's code, message and hint; a lost connection says so. */
export function failureView(error: CombinedError): FailureView {
  const [first] = error.graphQLErrors;
  if (first) {
    return {
      code: text(first.extensions.code) ?? "INTERNAL",
      message: first.message,
      hint: text(first.extensions.hint),
      reason: text(first.extensions.reason),
    };
  }
  return {
    code: "UNREACHABLE",
    message: "Holdfast does not answer.",
    hint: "Look whether its server runs and whether this device is online, then try again.",
  };
}

/** Whether the answer means that nobody is signed in. */
export const isSignedOut = (error: CombinedError): boolean =>
  error.graphQLErrors.some((one) => one.extensions.code === "UNAUTHENTICATED") || error.response?.status === 401;
