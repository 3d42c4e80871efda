import { describe, expect, it } from "vitest";
import { checkRetention } from "../../server/domain/retention-check.ts";

describe("limits of retention", () => {
  it("are taken as they are, and what is absent sets none", () => {
    const none = { days: null, keepLast: null, keepDaily: null, keepWeekly: null, keepMonthly: null, keepYearly: null };
    expect(checkRetention({ days: 30 })).toEqual({ ...none, days: 30 });
    expect(checkRetention({ keepDaily: 7, keepYearly: 3, days: null })).toEqual({ ...none, keepDaily: 7, keepYearly: 3 });
  });

  it.each([0, -1, Number.NaN, 1.5, 1e12, Number.POSITIVE_INFINITY])("cannot be %d", (value) => {
    for (const limit of ["days", "keepLast", "keepDaily", "keepWeekly", "keepMonthly", "keepYearly"])
      expect(() => checkRetention({ keepLast: 3, [limit]: value })).toThrow(expect.objectContaining({ reason: "RETENTION_INVALID" }));
  });

  it("cannot be none at all", () => {
    expect(() => checkRetention({})).toThrow(/no limit at all/);
    expect(() => checkRetention({ days: null, keepLast: null })).toThrow(/no limit at all/);
  });
});
