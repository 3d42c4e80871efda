import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { createOriginCheck } from "../../server/http/origin.ts";

describe("a request's origin", () => {
  const allowed = createOriginCheck("https://backup.example.com");
  it.each<[string, IncomingHttpHeaders, boolean]>([
    ["the public URL", { origin: "https://backup.example.com", host: "127.0.0.1:4400" }, true],
    ["the public name without TLS", { origin: "http://backup.example.com", host: "backup.example.com" }, false],
    ["the address that was asked", { origin: "http://192.168.1.5:4400", host: "192.168.1.5:4400" }, true],
    ["the IPv6 address that was asked", { origin: "http://[fd00::5]:4400", host: "[fd00::5]:4400" }, true],
    ["localhost", { origin: "http://localhost:4400", host: "localhost:4400" }, true],
    ["another port of it", { origin: "http://localhost:3000", host: "localhost:4400" }, false],
    ["a name that was made to point here", { origin: "http://evil.example:4400", host: "evil.example:4400" }, false],
    ["a foreign page", { origin: "https://evil.example", host: "127.0.0.1:4400" }, false],
    ["a page within a sandbox", { origin: "null", host: "127.0.0.1:4400" }, false],
    ["no page", { host: "127.0.0.1:4400" }, true],
    ["a foreign page that hides its name", { host: "127.0.0.1:4400", "sec-fetch-site": "cross-site" }, false],
  ])("from %s", (_, headers, expected) => {
    expect(allowed(headers)).toBe(expected);
  });
});
