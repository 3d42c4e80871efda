/** What became of one try to send something. */
export type Outcome =
  | { readonly ok: true /** What was not as it should be all the same. */; readonly note?: string }
  | {
      readonly ok: false;
      /** A sentence for a person, with no secret in it. */
      readonly message: string;
      readonly hint: string | null;
      /** Trying again would not help. */
      readonly permanent: boolean;
      /** How long the other side asks us to wait. */
      readonly retryAfterSeconds?: number | null;
    };

export const sent: Outcome = { ok: true };

/** A failure that may pass. */
export const passing = (message: string, hint: string | null = null): Outcome => ({ ok: false, message, hint, permanent: false });

/** A failure that only a change of the configuration ends. */
export const lasting = (message: string, hint: string | null = null): Outcome => ({ ok: false, message, hint, permanent: true });
