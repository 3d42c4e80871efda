import { expect, it } from "vitest";
import { healthText } from "../../server/cli/actions/doctor-text.ts";
import type { HealthCheck } from "../../server/domain/health.ts";

const check = (own: Partial<HealthCheck>): HealthCheck => ({
  ...{ check: "a.b", severity: "GOOD", subject: "Source Shop", subjectId: null, message: "It is.", hint: null, place: null, command: null },
  ...own,
});
const checks = [
  check({ severity: "ERROR", message: "It lacks a privilege.", hint: "Run this.", command: "GRANT A ON b;\nGRANT C ON d;" }),
  check({ severity: "WARNING", subject: "Storage\u001b[31m Here", message: "Low." }),
  check({ severity: "NOTE", message: "All on one machine." }),
  check({ hint: "Not shown of what is good.", command: "nor this" }),
];

it("groups what was found by subject, says how bad it is in words and signs, and gives commands to copy", () => {
  expect(healthText({ checks }, false)).toBe(
    `Source Shop
  ✗ error    It lacks a privilege.
             Run this.
             $ GRANT A ON b;
             $ GRANT C ON d;
  i note     All on one machine.
  ✓ good     It is.

Storage\ufffd[31m Here
  ! warning  Low.

1 error, 1 warning, 1 note; 1 check is good.`,
  );
  expect(healthText({ checks: [check({})] }, false)).toMatch(/Nothing is wrong: 1 check is good\.$/);
  expect(healthText({ checks }, true)).toContain("\u001b[31m✗ error");
});
