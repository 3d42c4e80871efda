import { enableCompileCache } from "node:module";

// As in the server's own entry: a second start then skips compiling what has not changed.
enableCompileCache();
const { demo } = await import("./demo.ts");
await demo();
