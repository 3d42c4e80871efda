import { describe, expect, it } from "vitest";
import { attemptsWords, chosenAtFirst, eventSentence, toldWords, wrongEvents } from "../../client/lib/notification-words.ts";
import { type NotificationEvent, notificationEvents } from "../../shared/enums.ts";

const told = (events: readonly NotificationEvent[], sourceIds: string[] | null = null) =>
  toldWords({ kind: "SLACK", events: [...events], sourceIds });

describe("what a channel is told", () => {
  it("says it in a line", () => {
    expect(told(chosenAtFirst)).toBe("All that is wrong and its end, of all sources");
    expect(told([...chosenAtFirst, "SUCCEEDED", "DIGEST"], ["a", "b"])).toBe(
      "All that is wrong, its end, successes and the digest, of 2 sources",
    );
    expect(told(["BACKUP_FAILED", "STORAGE_LOW"], ["a"])).toBe(`2 of ${wrongEvents.length} kinds of trouble, of 1 source`);
    expect(told([])).toBe("Nothing yet: no event is ticked");
    expect(toldWords({ kind: "HEARTBEAT", events: [], sourceIds: null })).toBe("Each backup, of all sources");
  });

  it("offers every event that is not a test, each once", () => {
    const offered = [...wrongEvents, "RECOVERED", "SUCCEEDED", "DIGEST"];
    expect(offered.toSorted()).toEqual(notificationEvents.filter((event) => event !== "TEST").toSorted());
    expect(new Set(Object.values(eventSentence)).size).toBe(notificationEvents.length);
  });
});

it("says how often a delivery was tried only where that says something", () => {
  const words = (["SENT", "QUEUED", "FAILED"] as const).flatMap((status) =>
    [0, 1, 3].map((attempts) => attemptsWords({ status, attempts })),
  );
  expect(words).toEqual([null, null, "after 3 attempts", null, "1 attempt so far", "3 attempts so far", null, null, "after 3 attempts"]);
});
