import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Manifest } from "../../server/domain/manifest.ts";
import type { freshDatabase } from "./shared-server.ts";

const run = promisify(execFile);

/**
 * Restores the backup whose files lie in `place` by the commands that its manifest prints, as somebody does who has no Holdfast: with the
 * system's own tools and one key. Only the database's name is another, since the source still has its own.
 */
export async function restoreWithStockTools(
  place: string,
  { restoreCommands }: Pick<Manifest, "restoreCommands">,
  target: Awaited<ReturnType<typeof freshDatabase>>,
  key: string | Uint8Array,
): Promise<void> {
  // The client finds its server and account where every user's stands.
  const { socketPath, user, password } = target.connection;
  await rm(join(place, ".my.cnf"), { force: true });
  await writeFile(join(place, ".my.cnf"), `[client]\nsocket=${socketPath}\nuser=${user}\npassword=${password}\n`, { mode: 0o600 });
  await writeFile(join(place, "key.txt"), key);
  for (const command of restoreCommands) {
    const aimed = command.replace(/(mariadb .*) \w+$/, `$1 ${target.name}`);
    await run("bash", ["-o", "pipefail", "-c", aimed], { cwd: place, env: { PATH: process.env.PATH ?? "", HOME: place } });
  }
}
