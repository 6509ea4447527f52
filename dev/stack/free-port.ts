import { createServer } from "node:net";

// Below the range operating systems hand to outgoing connections: a part that died finds its port still free.
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 200;

/** True when 127.0.0.1:port can be listened on. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port nobody listens on; never one of `taken`. */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${HIGHEST}`);
}
