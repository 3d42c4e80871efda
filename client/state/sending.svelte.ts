import { DetailedError, Upload } from "tus-js-client";
import { rateOf, type Sample } from "../lib/upload-words.ts";

const retryEvery = 3000;

/** One file on its way to the server. A lost connection is waited out; where it goes on, the server says. */
export class Sending {
  readonly id: string;
  readonly file: File;
  stage = $state<"sending" | "paused" | "waiting" | "failed">("sending");
  sent = $state(0);
  rate = $state<number | null>(null);
  problem = $state<string | null>(null);
  #samples: Sample[] = [];
  #upload: Upload | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;
  readonly #onDone: () => void;

  constructor(id: string, file: File, onDone: () => void) {
    this.id = id;
    this.file = file;
    this.#onDone = onDone;
  }

  /** Begins, or goes on from what the server has. */
  go() {
    this.#stop();
    this.stage = "sending";
    this.problem = null;
    this.#upload = new Upload(this.file, {
      uploadUrl: `/uploads/${this.id}`,
      // The server knows what is unfinished; where the connection fails is decided below.
      storeFingerprintForResuming: false,
      retryDelays: null,
      onProgress: (sent) => this.#note(sent),
      onSuccess: () => this.#onDone(),
      onError: (error) => this.#failed(error),
    });
    this.#upload.start();
  }

  pause() {
    this.#stop();
    this.stage = "paused";
  }

  #stop() {
    clearTimeout(this.#again);
    removeEventListener("online", this.#goOn);
    void this.#upload?.abort();
    this.#samples = [];
    this.rate = null;
  }

  readonly #goOn = () => this.go();

  #note(sent: number) {
    this.sent = sent;
    const at = performance.now();
    this.#samples = [...this.#samples.filter((sample) => at - sample.at <= 6000), { at, sent }];
    this.rate = rateOf(this.#samples);
  }

  #failed(error: Error | DetailedError) {
    if (this.stage === "paused") return;
    const status = error instanceof DetailedError ? (error.originalResponse?.getStatus() ?? 0) : 0;
    this.#stop();
    if (isFinal(status)) {
      this.stage = "failed";
      this.problem = said(error) ?? `The server refused it: status ${status}.`;
      return;
    }
    this.stage = "waiting";
    this.#again = setTimeout(this.#goOn, retryEvery);
    addEventListener("online", this.#goOn, { once: true });
  }
}

/** Whether asking again brings nothing: refused, and not because another request still holds the file. */
const isFinal = (status: number) => status >= 400 && status < 500 && ![408, 409, 423, 429, 460].includes(status);

/** What the server said for a person; null where it said nothing readable. */
function said(error: Error | DetailedError): string | null {
  try {
    const body: unknown = JSON.parse((error instanceof DetailedError && error.originalResponse?.getBody()) || "null");
    const inner = typeof body === "object" && body !== null && "error" in body ? body.error : body;
    return typeof inner === "object" && inner !== null && "message" in inner && typeof inner.message === "string" ? inner.message : null;
  } catch {
    return null;
  }
}
