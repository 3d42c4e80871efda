import type { ChannelId, SourceId, StorageId } from "../domain/ids.ts";

/** What each sealed text of the catalog belongs to; without the same words it does not open. */
export const passwordContext = (id: SourceId) => `source ${id} password`;
export const channelContext = (id: ChannelId) => `channel ${id} secret`;
export const storageContext = (id: StorageId) => `storage:${id}`;
