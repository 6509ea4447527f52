import { startEngine, type EngineOptions } from "./start-engine.ts";

// Published by Upstash for its development server, so that QSTASH_DEV=true finds this engine too.
const developmentIdentity = {
  token: "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0=",
  currentKey: "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
  nextKey: "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
};

try {
  const engine = await startEngine(readOptions());
  const stop = () => {
    void engine.close().finally(() => process.exit(0));
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, stop);
  // The parent holds the other end: a closed pipe means that it is gone.
  process.stdin.once("close", stop).resume();
  // Last: whoever reads it may already ask the engine to stop.
  process.stdout.write(`${JSON.stringify({ url: engine.url })}\n`);
} catch (err) {
  console.error(`engine: ${err instanceof Error ? err.message : String(err)}`);
  process.exit(1);
}

function readOptions(): EngineOptions {
  const given = JSON.parse(process.env["BUSBAR_PART"] ?? "{}") as Partial<EngineOptions>;
  return { port: 8080, dataFile: ".local/engine.sqlite", ...developmentIdentity, ...given };
}
