import { createRouter } from "sv-router";
import Overview from "./pages/Overview.svelte";

/** Every place of the dashboard; all but the first are loaded when they are visited. */
export const { p, navigate, isActive, route, preload } = createRouter({
  "/": Overview,
  "/backups": () => import("./pages/Backups.svelte"),
  "/backups/new": () => import("./pages/NewBackup.svelte"),
  "/backups/:id": () => import("./pages/Backup.svelte"),
  "/backups/:id/browse": () => import("./pages/Browse.svelte"),
  "/restore": () => import("./pages/Restores.svelte"),
  "/restore/new": () => import("./pages/NewRestore.svelte"),
  "/restore/:id": () => import("./pages/Restore.svelte"),
  "/sources": () => import("./pages/Sources.svelte"),
  "/sources/new": () => import("./pages/EditSource.svelte"),
  "/sources/:id": () => import("./pages/EditSource.svelte"),
  "/storages": () => import("./pages/Storages.svelte"),
  "/storages/new": () => import("./pages/EditStorage.svelte"),
  "/storages/:id": () => import("./pages/EditStorage.svelte"),
  "/settings": () => import("./pages/Settings.svelte"),
  "*": () => import("./pages/NotFound.svelte"),
});
