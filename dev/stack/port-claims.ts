import { createSocket, type Socket } from "node:dgram";
import { createServer } from "node:net";

const HOST = "127.0.0.1";
// Below the range of ephemeral ports, so that no outgoing connection takes the port of a part that restarts.
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 200;

/** True when 127.0.0.1:port can be listened on. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Reserves TCP ports against other supervisors from the moment they are chosen, because a part listens only seconds later and
 * not while it restarts. A reservation is a bound UDP socket of the same number, which the system frees with the process.
 */
export class PortClaims {
  readonly #signs = new Map<number, Socket>();

  /** Reserves this port; false when a process listens on it or has reserved it. */
  async take(port: number): Promise<boolean> {
    if (this.#signs.has(port)) return false;
    const sign = await raiseSign(port);
    if (!sign) return false;
    if (await isPortFree(port)) {
      this.#signs.set(port, sign);
      return true;
    }
    sign.close();
    return false;
  }

  /** Reserves a random free port. */
  async takeFree(): Promise<number> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
      if (await this.take(port)) return port;
    }
    throw new Error(`no free port found between ${LOWEST} and ${HIGHEST}`);
  }

  release(): void {
    for (const sign of this.#signs.values()) sign.close();
    this.#signs.clear();
  }
}

function raiseSign(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const sign = createSocket("udp4");
    sign.once("error", () => {
      sign.close();
      resolve(null);
    });
    sign.bind({ port, address: HOST, exclusive: true }, () => resolve(sign.unref()));
  });
}
