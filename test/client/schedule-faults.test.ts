import { expect, it } from "vitest";
import { fieldOf, timeOf } from "../../client/lib/schedule-faults.ts";
import { zonesLike } from "../../client/lib/time-zones.ts";

it("takes times as people type them, and nothing that is none", () => {
  const typed = ["3", "03:00", "3:00", "300", "0300", "3.05", "23:59", "3 pm", "24:00", "3:60", "", "-1", "12345"];
  expect(typed.map(timeOf)).toEqual(["03:00", "03:00", "03:00", "03:00", "03:00", "03:05", "23:59", null, null, null, null, null, null]);
});

it("finds the field that a refusal speaks of", () => {
  expect(fieldOf({ reason: "CRON_NEVER", message: "" })).toBe("cron");
  expect(fieldOf({ reason: "TIMEZONE_UNKNOWN", message: "" })).toBe("zone");
  expect(fieldOf({ reason: null, message: "`jitterSeconds` has to be shorter than the 60 seconds between two runs." })).toBe("jitter");
  expect(fieldOf({ reason: null, message: "There is a schedule of this name already." })).toBeNull();
});

it("finds zones by any piece of their names, those that begin with it first", () => {
  const zones = ["Africa/Lome", "America/New_York", "Europe/Berlin", "Europe/Rome", "Pacific/Yap", "UTC"];
  expect(zonesLike(zones, "new york")).toEqual(["America/New_York"]);
  expect(zonesLike(zones, "ro")).toEqual(["Europe/Rome", "Europe/Berlin"]);
  expect(zonesLike(zones, "rome")).toEqual(["Europe/Rome"]);
  expect(zonesLike(zones, "")).toEqual(zones);
  expect(zonesLike(zones, "mars")).toEqual([]);
});
