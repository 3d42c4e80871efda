/** What stops the set-up: its message is for a person, and stands alone on standard error. */
export class Problem extends Error {}

/**
 * One line about a step. Standard output belongs to the program that is set up.
 * @param {string} line
 */
export const say = (line) => void process.stderr.write(`${line}\n`);
