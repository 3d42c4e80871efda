import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Failure } from "../server/domain/errors.ts";
import { type LogOptions, openLog } from "../server/log.ts";

const canary = 'c4n"ary\\ /ß%+\n7';

function captured(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const { log, conceal } = openLog({ level: "info", ...options, destination: { write: (line) => void lines.push(line) } });
  return { log, conceal, text: () => lines.join(""), parsed: () => lines.map((line) => JSON.parse(line)) };
}

const shapes: readonly [string, (log: ReturnType<typeof openLog>["log"]) => void][] = [
  ["the message", (log) => log.info(`signed in with ${canary}`)],
  ["a message's argument", (log) => log.info("signed in with %s", canary)],
  ["a field", (log) => log.info({ name: canary }, "a field")],
  ["a field's name", (log) => log.info({ [canary]: 1 }, "a name")],
  ["a nested list", (log) => log.info({ a: { b: [{ c: [canary] }] } }, "nested")],
  ["a map and a set", (log) => log.info({ map: new Map([["x", canary]]), set: new Set([canary]) }, "collections")],
  ["an error", (log) => log.error(new Error(`denied for ${canary}`))],
  ["an error with a message", (log) => log.error(new Error(canary), "it failed")],
  ["an error under another name", (log) => log.error({ failure: new Error(canary) }, "it failed")],
  ["an error's cause", (log) => log.error({ err: new Error("outer", { cause: new Error(canary) }) }, "it failed")],
  ["a Failure's hint", (log) => log.error({ err: new Failure("INTERNAL", "It failed.", `try ${canary}`) }, "it failed")],
  ["what a library hangs on its error", (log) => log.error(Object.assign(new Error("bad"), { sql: canary, config: { headers: canary } }))],
  ["a child's fields", (log) => log.child({ part: canary }).info("child")],
  ["a part that was encoded for a URL", (log) => log.info(`mysql://host/?x=${encodeURIComponent(canary)}`)],
  ["a part that is JSON already", (log) => log.info(JSON.stringify({ x: canary }))],
  ["something with its own JSON", (log) => log.info({ own: { toJSON: () => ({ x: canary }) } }, "own")],
];

describe("the log", () => {
  it("writes JSON lines with level, time and msg, and nothing else of its own", () => {
    const { log, parsed } = captured();
    log.info({ url: "http://127.0.0.1:4400" }, "ready");
    log.debug("too quiet");
    expect(parsed()).toEqual([
      { level: "info", time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), url: "http://127.0.0.1:4400", msg: "ready" },
    ]);
  });

  it.each(shapes)("shows no concealed value in %s", (_, write) => {
    const { log, text, parsed } = captured({ secrets: [canary] });
    write(log);
    expect(parsed()).toHaveLength(1);
    for (const form of [canary, JSON.stringify(canary).slice(1, -1), encodeURIComponent(canary), "ary"]) expect(text()).not.toContain(form);
  });

  it("hides what is concealed later, and the longer of two secrets whole", () => {
    const { log, conceal, text } = captured({ secrets: ["hunter"] });
    conceal("hunter-and-gatherer");
    log.info("hunter-and-gatherer hunter");
    expect(text()).toContain('"msg":"[secret] [secret]"');
  });

  it("hides values by their names down to four levels, whatever they are, and leaves flags", () => {
    const { log, parsed } = captured();
    const secrets = {
      password: "a",
      apiToken: 12,
      "set-cookie": ["b"],
      client_secret: { value: "c" },
      Authorization: "d",
      PASSPHRASE: "e",
    };
    log.info({ ...secrets, one: { two: { three: secrets } }, hasPassword: true, token: null, tokenId: "kept" }, "names");
    const shown = Object.fromEntries(Object.keys(secrets).map((key) => [key, "[secret]"]));
    expect(parsed()[0]).toMatchObject({ ...shown, one: { two: { three: shown } }, hasPassword: true, token: null, tokenId: "kept" });
  });

  it("hides passwords in URLs and bearer tokens that nobody registered", () => {
    const { log, text } = captured();
    log.info(
      { url: new URL("mysql://shop:pa55@db/shop"), header: "Authorization: Bearer hf_abc.DEF-1" },
      "from redis://:pa55@cache and s3://u:pa55@x",
    );
    expect(text()).not.toMatch(/pa55|hf_abc/);
    expect(text()).toContain("mysql://shop:[secret]@db/shop");
  });

  it("survives circles, big numbers and bytes", () => {
    const { log, parsed } = captured();
    const circle: Record<string, unknown> = { size: 2n ** 60n, bytes: Buffer.alloc(9), run: () => 1 };
    circle.self = circle;
    log.info({ circle }, "odd");
    expect(parsed()[0].circle).toMatchObject({ size: "1152921504606846976", bytes: "[9 bytes]" });
  });

  it("tells an error's code, hint and cause", () => {
    const { log, parsed } = captured();
    log.error(new Failure("CONFLICT", "Taken.", "Choose another.", { cause: new Error("deep"), reason: "BUSY" }));
    expect(parsed()[0]).toMatchObject({ level: "error", msg: "Taken." });
    expect(parsed()[0].err).toMatchObject({ code: "CONFLICT", reason: "BUSY", hint: "Choose another.", cause: { message: "deep" } });
  });

  it("has every line out before the process ends by itself", async () => {
    const program = `import { openLog } from ${JSON.stringify(resolve("server/log.ts"))};
      const { log } = openLog({ level: "info" });
      for (let i = 0; i < 1000; i += 1) log.info({ i }, "line");
      process.exit(3);`;
    const run = promisify(execFile)(resolve("node_modules/node/bin/node"), ["--input-type=module", "-e", program]);
    const { stdout } = await run.catch((error: { stdout: string }) => error);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).i),
    ).toHaveLength(1000);
  });
});
