import type { StorageInput, StoragePartsFragment } from "../graphql/generated.ts";

const gigabyte = 1_000_000_000;

/** A storage being written: what the form binds to, and the input that it makes. */
export class StorageDraft {
  readonly id: string | undefined;
  readonly wasDefault: boolean;
  readonly usedBytes: number;
  name = $state("");
  directory = $state("");
  isDefault = $state(false);
  capped = $state(false);
  /** In GB, as the form shows it. */
  capGigabytes = $state<number | null>(100);

  constructor(storage: StoragePartsFragment | null) {
    this.id = storage?.id;
    this.wasDefault = storage?.isDefault ?? false;
    this.usedBytes = storage?.usedBytes ?? 0;
    if (!storage) return;
    this.name = storage.name;
    this.directory = storage.location;
    this.isDefault = storage.isDefault;
    this.capped = storage.sizeCapBytes !== null;
    if (storage.sizeCapBytes !== null) this.capGigabytes = storage.sizeCapBytes / gigabyte;
  }

  get input(): StorageInput {
    return {
      name: this.name.trim(),
      kind: "LOCAL",
      local: { directory: this.directory.trim() },
      isDefault: this.isDefault,
      sizeCapBytes: this.capped && this.capGigabytes !== null ? Math.round(this.capGigabytes * gigabyte) : null,
    };
  }
}
