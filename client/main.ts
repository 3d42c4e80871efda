import "./styles/app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { toasts } from "./state/toasts.svelte.ts";

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no #app");
// A page is fetched when it is first visited: a click would else do nothing once the server is gone or has other files.
addEventListener("vite:preloadError", () =>
  toasts.warn("That page could not be loaded: Holdfast does not answer, or was updated meanwhile. Reload in the browser to go on."),
);
mount(App, { target });
