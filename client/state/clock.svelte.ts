/** The present, for everything that says how long ago: one clock for the whole page, a step every ten seconds. */
class Clock {
  now = $state.raw(new Date());

  constructor() {
    setInterval(() => this.tick(), 10_000);
    document.addEventListener("visibilitychange", () => this.tick());
  }

  tick() {
    this.now = new Date();
  }
}

export const clock = new Clock();
