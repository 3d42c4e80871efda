import { Failure } from "../domain/errors.ts";

/** Runs a write to a table whose names are unique; a name that is taken becomes CONFLICT. */
export async function uniqueName<T>(noun: string, name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isDuplicate(error))
      throw new Failure("CONFLICT", `There is already a ${noun} named ${name}.`, "Choose another name.", { cause: error });
    throw error;
  }
}

/** MySQL's and MariaDB's error 1062, as it stands below Drizzle's own error. */
function isDuplicate(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("errno" in error && error.errno === 1062) || isDuplicate(error.cause);
}
