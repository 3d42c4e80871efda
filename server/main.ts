import { enableCompileCache } from "node:module";

// Before anything else is loaded: a second start then skips compiling what has not changed.
enableCompileCache();
const { serve } = await import("./serve.ts");
await serve();
