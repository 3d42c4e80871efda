import { describe, expect, it } from "vitest";
import {
  authenticityWarning,
  encryptAsked,
  encryptChosen,
  keyUse,
  lacksKit,
  openedBy,
  recipientsFault,
} from "../../client/lib/encryption-words.ts";

const recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
const key = { id: "hf-1", recipient, current: true, createdAt: null, kitMadeAt: null, backups: 0 };

describe("who can open a backup", () => {
  it.each([
    [{ keyId: "hf-1", recipients: [recipient] }, "It opens with the server's key hf-1."],
    [{ keyId: "hf-1", recipients: ["a", "b"] }, "It opens with the server's key hf-1, or with the recovery key."],
    [{ keyId: "hf-1", recipients: ["a", "b", "c"] }, "It opens with the server's key hf-1, or with one of 2 recovery keys."],
    [{ keyId: null, recipients: [] }, "It opens with the key that it was made for."],
  ])("is a sentence", (backup, words) => {
    expect(openedBy(backup)).toBe(words);
  });

  it("is asked for by public keys only", () => {
    expect(recipientsFault([])).toBeNull();
    expect(recipientsFault([recipient])).toBeNull();
    expect(recipientsFault([recipient, recipient])).toBe("One of them is there twice.");
    expect(recipientsFault(["AGE-SECRET-KEY-1QQ"])).toMatch(/^That is the secret half/);
    expect(recipientsFault([`${recipient}x`])).toMatch(/is not an age recipient/);
  });
});

it("warns of a record that is not what was written, and gravely of an altered one", () => {
  expect([null, "AUTHENTIC" as const].map(authenticityWarning)).toEqual([null, null]);
  expect((["UNSIGNED", "FOREIGN", "ALTERED"] as const).map((one) => authenticityWarning(one)?.grave)).toEqual([false, false, true]);
});

it("says how many backups need a key, and that the current one is nowhere else yet", () => {
  expect([keyUse(key), keyUse({ ...key, current: false }), keyUse({ ...key, backups: 1 }), keyUse({ ...key, backups: 12 })]).toEqual([
    "No backup needs it yet",
    "No backup needs it any more",
    "1 backup needs it",
    "12 backups need it",
  ]);
  expect([lacksKit([key]), lacksKit([{ ...key, kitMadeAt: "2026-11-22T03:00:00Z" }]), lacksKit([])]).toEqual([true, false, false]);
});

it("leaves encryption to the settings unless somebody says otherwise", () => {
  expect([null, true, false].map((asked) => encryptAsked(encryptChosen(asked)))).toEqual([null, true, false]);
});
