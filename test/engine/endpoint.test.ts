import { describe, expect, it } from "vitest";
import { checkAddress, checkEndpoint, type Resolve } from "../../server/engine/endpoint.ts";
import { post, type Wire } from "../../server/engine/notify/post.ts";
import { listener } from "../support/listener.ts";

const refused = { code: "BAD_USER_INPUT", reason: "ENDPOINT_NOT_ALLOWED" };
const wire = (allowed: readonly string[], resolve?: Resolve): Wire => ({
  allowed,
  ...(resolve ? { resolve } : {}),
  connectMilliseconds: 2000,
  wholeMilliseconds: 10_000,
  signal: new AbortController().signal,
});
const message = { body: "{}", secrets: [] };
const resolvingTo =
  (addresses: readonly string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));

describe("where something may be posted to", () => {
  it.each([
    "file:///etc/passwd",
    "gopher://example.com/",
    "ftp://example.com/",
    "javascript:alert(1)",
    "not an address",
    "http://user:secret@example.com/",
    "http://user@example.com/",
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001::1]/",
    "http://10.0.0.5/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[fec0::1]/",
    "http://224.0.0.1/",
    "http://[ff02::1]/",
    "http://255.255.255.255/",
    "http://198.18.0.1/",
    "http://192.0.2.1/",
    "http://[2001:db8::1]/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://db.localhost/",
    "http://①②⑦.⓪.⓪.①/",
  ])("refuses %s before it is saved", (url) => {
    expect(() => checkEndpoint(url, [])).toThrow(expect.objectContaining(refused));
  });

  it.each([
    "https://hooks.slack.com/services/T0/B0/x",
    "http://93.184.216.34/",
    "https://[2606:2800:220:1::1]/",
    "https://[64:ff9b::5db8:d822]/",
  ])("takes %s", (url) => {
    expect(checkEndpoint(url, []).protocol).toMatch(/^https?:$/);
  });

  it("takes what an administrator allows by name, address or network, and nothing beside it", () => {
    expect(checkEndpoint("http://127.0.0.1:3000/", ["127.0.0.0/8"]).port).toBe("3000");
    expect(checkEndpoint("http://[fd00::5]/", ["fd00::/8"]).hostname).toBe("[fd00::5]");
    expect(checkEndpoint("http://10.0.0.5/", ["::ffff:10.0.0.5"]).hostname).toBe("10.0.0.5");
    expect(checkEndpoint("http://localhost:1/", ["LocalHost"]).port).toBe("1");
    expect(() => checkEndpoint("http://10.0.0.6/", ["10.0.0.5", "192.168.0.0/16", "fd00::/8"])).toThrow(expect.objectContaining(refused));
    checkAddress("10.1.2.3", "chat.internal", ["chat.internal"]);
    expect(() => checkAddress("10.1.2.3", "evil-chat.internal", ["chat.internal"])).toThrow(expect.objectContaining(refused));
  });
});

describe("a connection", () => {
  it("is refused to a name that resolves to this machine or a private network, and nothing arrives there", async () => {
    const { port, received } = await listener();
    for (const addresses of [["127.0.0.1"], ["::ffff:127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["93.184.216.34", "127.0.0.1"]])
      expect(await post({ url: `http://hooks.example.com:${port}/`, ...message }, wire([], resolvingTo(addresses)))).toMatchObject({
        ok: false,
        permanent: true,
        message: expect.stringMatching(/hooks\.example\.com \(.+\) is not a public address/),
      });
    expect(received).toEqual([]);
  });

  it("is refused to a name that was public when it was checked, and is this machine when it is connected to", async () => {
    const { port, received } = await listener();
    let asked = 0;
    const rebinding: Resolve = async () => {
      asked += 1;
      return [{ address: asked === 1 ? "93.184.216.34" : "127.0.0.1", family: 4 }];
    };
    const url = `http://rebinding.example.com:${port}/`;
    // What a checker that only looks the name up beforehand would see.
    for (const { address } of await rebinding("rebinding.example.com")) checkAddress(address, "rebinding.example.com", []);
    expect(await post({ url, ...message }, wire([], rebinding))).toMatchObject({ ok: false, permanent: true });
    expect([asked, received.length]).toEqual([2, 0]);
  });

  it("goes to a private address that is allowed, by the name or by the network", async () => {
    const { port, received } = await listener();
    expect(await post({ url: `http://chat.internal:${port}/a`, ...message }, wire(["chat.internal"], resolvingTo(["127.0.0.1"])))).toEqual({
      ok: true,
    });
    expect(await post({ url: `http://127.0.0.1:${port}/b`, ...message }, wire(["127.0.0.0/8"]))).toEqual({ ok: true });
    expect(received.map(({ path }) => path)).toEqual(["/a", "/b"]);
  });

  it("does not follow a redirect inward", async () => {
    const inner = await listener();
    const outer = await listener((response) => response.writeHead(302, { location: inner.url }).end());
    expect(await post({ url: outer.url, ...message }, wire(["127.0.0.1"]))).toEqual({
      ok: false,
      permanent: true,
      message: "It answered 302, a redirect, which is not followed.",
      hint: "Enter the address that it redirects to.",
    });
    expect(inner.received).toEqual([]);
  });
});
