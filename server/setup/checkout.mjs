import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout that these files are in. */
export const checkout = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** @param {string[]} path */
export const inCheckout = (...path) => join(checkout, ...path);

/** The locked Node, which everything of Holdfast but this set-up runs on. */
export const lockedNode = inCheckout("node_modules", "node", "bin", "node");

/** PATH without the folders that npm puts before it: what the machine itself has. */
export const machinePath = () => (process.env.PATH ?? "").split(":").filter((folder) => folder && !folder.endsWith("/node_modules/.bin"));
