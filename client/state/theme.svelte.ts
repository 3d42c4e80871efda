export type Theme = "system" | "light" | "dark";
const key = "holdfast.theme";

/** The system's theme until another is chosen; the choice is remembered on this device. */
class ThemeChoice {
  chosen = $state<Theme>("system");

  constructor() {
    const stored = localStorage.getItem(key);
    if (stored === "light" || stored === "dark") this.choose(stored);
  }

  choose(theme: Theme) {
    this.chosen = theme;
    if (theme === "system") {
      localStorage.removeItem(key);
      delete document.documentElement.dataset.theme;
    } else {
      localStorage.setItem(key, theme);
      document.documentElement.dataset.theme = theme;
    }
  }
}

export const theme = new ThemeChoice();
