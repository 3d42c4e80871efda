export interface Toast {
  readonly id: number;
  readonly tone: "plain" | "bad";
  readonly text: string;
  readonly link?: { readonly label: string; readonly href: string };
}

/** Short notices at the edge of the screen; each leaves by itself. */
class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #last = 0;

  say(text: string, link?: Toast["link"]) {
    this.#add({ id: ++this.#last, tone: "plain", text, ...(link ? { link } : {}) });
  }

  warn(text: string, link?: Toast["link"]) {
    this.#add({ id: ++this.#last, tone: "bad", text, ...(link ? { link } : {}) });
  }

  dismiss(id: number) {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(toast: Toast) {
    this.list = [...this.list.slice(-2), toast];
    setTimeout(() => this.dismiss(toast.id), 8000);
  }
}

export const toasts = new Toasts();
