import Archive from "@lucide/svelte/icons/archive";
import Database from "@lucide/svelte/icons/database";
import HardDrive from "@lucide/svelte/icons/hard-drive";
import LayoutDashboard from "@lucide/svelte/icons/layout-dashboard";
import RotateCcw from "@lucide/svelte/icons/rotate-ccw";
import Settings2 from "@lucide/svelte/icons/settings-2";

/** The places of the rail, in their order. */
export const places = [
  { href: "/", label: "Overview", icon: LayoutDashboard },
  { href: "/backups", label: "Backups", icon: Archive },
  { href: "/restore", label: "Restore", icon: RotateCcw },
  { href: "/sources", label: "Sources", icon: Database },
  { href: "/storages", label: "Storages", icon: HardDrive },
  { href: "/settings", label: "Settings", icon: Settings2 },
] as const;

/** Whether `path` lies in the place at `href`. */
export const isWithin = (path: string, href: string): boolean =>
  href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
