import Activity from "@lucide/svelte/icons/activity";
import Archive from "@lucide/svelte/icons/archive";
import CalendarClock from "@lucide/svelte/icons/calendar-clock";
import ChartColumn from "@lucide/svelte/icons/chart-column";
import Database from "@lucide/svelte/icons/database";
import HardDrive from "@lucide/svelte/icons/hard-drive";
import HeartPulse from "@lucide/svelte/icons/heart-pulse";
import LayoutDashboard from "@lucide/svelte/icons/layout-dashboard";
import RotateCcw from "@lucide/svelte/icons/rotate-ccw";
import Settings2 from "@lucide/svelte/icons/settings-2";

/** The places of the rail, in their order. On a phone those after the first four stand behind "More". */
export const places = [
  { href: "/", label: "Overview", icon: LayoutDashboard },
  { href: "/backups", label: "Backups", icon: Archive },
  { href: "/restore", label: "Restore", icon: RotateCcw },
  { href: "/schedules", label: "Schedules", icon: CalendarClock },
  { href: "/sources", label: "Sources", icon: Database },
  { href: "/storages", label: "Storages", icon: HardDrive },
  { href: "/statistics", label: "Statistics", icon: ChartColumn },
  { href: "/activity", label: "Activity", icon: Activity },
  { href: "/health", label: "Health", icon: HeartPulse },
  { href: "/settings", label: "Settings", icon: Settings2 },
] as const;

/** How many stand in the bar of a phone. */
export const inBar = 4;

/** Whether `path` lies in the place at `href`. */
export const isWithin = (path: string, href: string): boolean =>
  href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
