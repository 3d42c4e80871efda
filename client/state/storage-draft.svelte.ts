import type { StorageInput, StoragePartsFragment } from "../graphql/generated.ts";

/** A storage being written: what the form binds to, and the input that it makes. */
export class StorageDraft {
  readonly id: string | undefined;
  readonly wasDefault: boolean;
  name = $state("");
  directory = $state("");
  isDefault = $state(false);

  constructor(storage: StoragePartsFragment | null) {
    this.id = storage?.id;
    this.wasDefault = storage?.isDefault ?? false;
    if (!storage) return;
    this.name = storage.name;
    this.directory = storage.location;
    this.isDefault = storage.isDefault;
  }

  get input(): StorageInput {
    return { name: this.name.trim(), kind: "LOCAL", local: { directory: this.directory.trim() }, isDefault: this.isDefault };
  }
}
