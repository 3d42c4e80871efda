import type { Agenda } from "agenda";
import type { Upkeep } from "../services/upkeep.ts";
import { lockLifetime } from "./heartbeat.ts";

/** Every minute: what a crash, a storage or a database that was away left behind. */
export const defineUpkeep = (agenda: Agenda, upkeep: Upkeep) =>
  agenda.define("upkeep", () => upkeep.perform(), { lockLifetime, concurrency: 1, removeOnComplete: false });
