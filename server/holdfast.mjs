#!/usr/bin/env node
// `npx holdfast`: runs the command line on the locked Node, after the set-up where that has not been done yet.
import { inCheckout } from "./setup/checkout.mjs";
import { launch } from "./setup/launch.mjs";
import { isPrepared, prepare } from "./setup/prepare.mjs";
import { Problem, say } from "./setup/problem.mjs";

try {
  if (!isPrepared("start")) {
    say("Setting Holdfast up first; the next command finds it done.");
    await prepare("start");
  }
  process.exitCode = await launch([inCheckout("dist/server/cli/main.js"), ...process.argv.slice(2)]);
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  say(error.message);
  process.exitCode = 1;
}
