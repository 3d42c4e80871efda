import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { generateIdentity, identityToRecipient } from "age-encryption";
import type { Sample } from "./measure.ts";
import { checkout } from "./process.ts";
import { watchMemory } from "./processes.ts";
import type { Done, Key, Reply, Task } from "./work.ts";

/** Whether the compiled program is measured, or its TypeScript. */
export type Form = "built" | "source";

export interface Worked extends Omit<Sample, "storedBytes"> {
  readonly done: Done;
}

/**
 * Has Holdfast's engine do one task in a process of its own, with the flags of the server. What is measured begins when that has started
 * and loaded, since the server is there when a backup is asked of it.
 */
export async function work(task: Task, form: Form, signal: AbortSignal): Promise<Worked> {
  const child = fork(join(checkout, "test/bench/work.ts"), form === "source" ? ["--source"] : [], {
    execArgv: ["--max-semi-space-size=1"],
    env: { ...process.env, NODE_COMPILE_CACHE: join(checkout, "dist/.setup/compiled") },
    signal,
  });
  const gone = once(child, "exit");
  // An abort is told by the answer that does not come.
  child.on("error", () => {});
  const answer = async (): Promise<Reply> => {
    const reply = await Promise.race([once(child, "message"), gone.then(() => null)]);
    signal.throwIfAborted();
    if (!reply) throw new Error(`The process that was to do ${task.kind} ended without an answer.`);
    return reply[0] as Reply;
  };
  try {
    await answer();
    await using watch = watchMemory(child.pid ?? 0);
    child.send(task);
    const reply = await answer();
    if ("failed" in reply) throw new Error(`${task.kind} failed: ${reply.failed}`);
    if (!("done" in reply)) throw new Error("An answer came before its task");
    const { done } = reply;
    const extra = { peakMemory: watch.held().most, loopP99: done.loopP99, loopMost: done.loopMost };
    return { seconds: done.seconds, cpuSeconds: done.cpuSeconds, extra, done };
  } finally {
    child.kill();
    await gone;
  }
}

/** A key as the server has one, with a recipient for the day on which the server is gone. */
export async function newKey(): Promise<Key> {
  const [identity, other] = await Promise.all([generateIdentity(), generateIdentity()]);
  const recipients = await Promise.all([identity, other].map(identityToRecipient));
  return { encryption: { format: "age-encryption.org/v1", keyId: "bench", recipients }, identity };
}
