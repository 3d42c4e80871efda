import type { ScheduleId } from "../domain/ids.ts";

/** When a schedule has to be looked at next; null for not by itself. */
export interface ScheduleAlarm {
  readonly id: ScheduleId;
  readonly at: Date | null;
}

/**
 * Wakes Holdfast when a schedule is due. The catalog's rows are the truth: an alarm that is lost, late or early makes nothing
 * run twice, and nothing later than the minute's upkeep.
 */
export interface Alarm {
  /** Sets, moves or takes away the alarms of these schedules; the others stay as they are. */
  set(alarms: readonly ScheduleAlarm[]): Promise<void>;
  /** Makes these the only alarms, writing just what differs. */
  replaceAll(alarms: readonly ScheduleAlarm[]): Promise<void>;
}

/** The alarm of a process that is over too soon to hear one: a command. */
export const noAlarm: Alarm = { set: async () => {}, replaceAll: async () => {} };
