import type { FailureView } from "./failures.ts";

/** A refusal of one of the plain HTTP addresses, ready to show. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly view: FailureView;
  readonly status: number;
  constructor(view: FailureView, status: number) {
    super(view.message);
    this.view = view;
    this.status = status;
  }
}

/** Asks and parses; `body` makes it a POST. Rejects with `Refused`, also when the server cannot be reached. */
export async function ask(path: string, body?: object): Promise<Record<string, unknown>> {
  const request: RequestInit = { credentials: "same-origin", headers: { accept: "application/json" } };
  if (body) {
    request.method = "POST";
    request.headers = { ...request.headers, "content-type": "application/json" };
    request.body = JSON.stringify(body);
  }
  const answer = await fetch(path, request).catch((cause: unknown) => {
    throw Object.assign(new Refused(unreachable, 0), { cause });
  });
  const content = record(await answer.json().catch(() => null));
  if (!answer.ok) throw new Refused(viewOf(content, answer.status), answer.status);
  return content;
}

const unreachable: FailureView = {
  code: "UNREACHABLE",
  message: "Holdfast does not answer.",
  hint: "Look whether its server runs and whether this device is online, then try again.",
};

function viewOf(content: Record<string, unknown>, status: number): FailureView {
  const error = "error" in content ? record(content.error) : content;
  const say = (value: unknown) => (typeof value === "string" && value ? value : null);
  return {
    code: say(error.code) ?? `HTTP ${status}`,
    message: say(error.message) ?? `The server answered ${status}.`,
    hint: say(error.hint),
  };
}

const record = (value: unknown): Record<string, unknown> => (typeof value === "object" && value !== null ? { ...value } : {});
