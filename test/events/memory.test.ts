import { describe, expect, it } from "vitest";
import { type BackupId, newId } from "../../server/domain/ids.ts";
import { memoryBus } from "../../server/events/memory.ts";
import { watching } from "../../server/services/watch.ts";

describe("the bus", () => {
  it("keeps only the latest event of each key for a slow reader", async () => {
    const bus = memoryBus();
    const [first, second] = [newId<BackupId>(), newId<BackupId>()];
    const stream = bus.subscribe("backup");
    for (let times = 0; times < 1000; times += 1) bus.publish("backup", { id: first });
    bus.publish("backup", { id: second });
    const seen: string[] = [];
    for await (const { id } of stream) {
      seen.push(id);
      if (id === second) break;
    }
    expect(seen).toEqual([first, second]);
  });

  it("lets go of a subscriber that leaves while it waits", async () => {
    const bus = memoryBus();
    const iterator = watching(bus.subscribe("backup"), async function* (events) {
      for await (const event of events) yield event;
    });
    const waiting = iterator.next();
    expect(bus.subscribers()).toBe(1);
    await iterator.return?.();
    expect((await waiting).done).toBe(true);
    expect(bus.subscribers()).toBe(0);
  });
});
