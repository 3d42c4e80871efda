import { EventEmitter } from "node:events";
import { BaseNotificationChannel, type JobNotification, type JobStateNotification } from "agenda";

/**
 * Wakes workers of this process as soon as a job is saved, and tells them of each other's jobs.
 * Channels on one hub hear each other, so that several Agendas of a process may share a database; each needs a channel of its own,
 * because an Agenda that stops disconnects its channel. A publisher does not wait for the workers that it wakes.
 */
export class InProcessNotificationChannel extends BaseNotificationChannel {
  readonly #hub: EventEmitter;
  readonly #onJob = (notification: JobNotification) => void this.notifyHandlers(notification);
  readonly #onState = (notification: JobStateNotification) => void this.notifyStateHandlers(notification);

  constructor(hub: EventEmitter = new EventEmitter()) {
    super({ reconnect: { enabled: false } });
    this.#hub = hub.setMaxListeners(0);
  }

  async connect(): Promise<void> {
    if (this.state === "connected") return;
    this.#hub.on("job", this.#onJob).on("state", this.#onState);
    this.setState("connected");
  }

  async disconnect(): Promise<void> {
    this.#hub.off("job", this.#onJob).off("state", this.#onState);
    this.handlers.clear();
    this.stateHandlers.clear();
    this.setState("disconnected");
  }

  async publish(notification: JobNotification): Promise<void> {
    this.#emit("job", notification);
  }

  async publishState(notification: JobStateNotification): Promise<void> {
    this.#emit("state", notification);
  }

  #emit(event: "job" | "state", notification: JobNotification | JobStateNotification): void {
    if (this.state !== "connected") throw new Error("Cannot publish: channel not connected");
    this.#hub.emit(event, notification);
  }
}
