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
  "/schedules": () => import("./pages/Schedules.svelte"),
  "/schedules/new": () => import("./pages/EditSchedule.svelte"),
  "/schedules/:id": () => import("./pages/Schedule.svelte"),
  "/schedules/:id/edit": () => import("./pages/EditSchedule.svelte"),
  "/cleanup": () => import("./pages/Cleanups.svelte"),
  "/cleanup/:id": () => import("./pages/Cleanup.svelte"),
  "/sources": () => import("./pages/Sources.svelte"),
  "/sources/new": () => import("./pages/EditSource.svelte"),
  "/sources/:id": () => import("./pages/EditSource.svelte"),
  "/storages": () => import("./pages/Storages.svelte"),
  "/storages/new": () => import("./pages/EditStorage.svelte"),
  "/storages/:id": () => import("./pages/EditStorage.svelte"),
  "/statistics": () => import("./pages/Statistics.svelte"),
  "/activity": () => import("./pages/Activity.svelte"),
  "/health": () => import("./pages/Health.svelte"),
  "/notifications": () => import("./pages/Notifications.svelte"),
  "/notifications/new": () => import("./pages/EditChannel.svelte"),
  "/notifications/:id": () => import("./pages/EditChannel.svelte"),
  "/settings": () => import("./pages/Settings.svelte"),
  "*": () => import("./pages/NotFound.svelte"),
});
